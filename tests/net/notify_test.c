/* What the service manager is told: one datagram, if there is one to tell. */
#include "nodes.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "notify.h"

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t size = strlen(path);

	memcpy(address.sun_path, path, size);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(file, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
	    0);
	return file;
}

static void assert_hears(int file, const char *lines)
{
	char text[128];
	ssize_t size = recv(file, text, sizeof text - 1, MSG_DONTWAIT);

	assert_true(size > 0);
	text[size] = '\0';
	assert_string_equal(text, lines);
}

static void the_manager_hears_it_by_path_and_by_name(void **state)
{
	char folder[200], path[256];

	(void)state;
	folder_make(folder);
	snprintf(path, sizeof path, "%s/notify", folder);
	for (unsigned i = 0; i < 2; i++) {
		int file;

		if (i == 1)
			snprintf(path, sizeof path, "@suiren-notify-test-%ld", (long)getpid());
		file = listen_at(path);
		assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
		assert_int_equal(notify("READY=1\n"), ERROR_NONE);
		assert_hears(file, "READY=1\n");
		close(file);
		assert_int_equal(notify("STOPPING=1\n"), ERROR_IO); /* it has gone */
	}
	folder_remove(folder);
}

static void without_a_manager_nothing_is_said(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(notify("READY=1\n"), ERROR_NONE);
	assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
	assert_int_equal(notify("READY=1\n"), ERROR_NONE);
}

static void a_name_that_is_none_is_refused(void **state)
{
	char name[300];

	(void)state;
	assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
	assert_int_equal(notify("READY=1\n"), ERROR_IO);
	memset(name, 'x', sizeof name);
	name[0] = '/';
	name[sizeof name - 1] = '\0';
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	assert_int_equal(notify("READY=1\n"), ERROR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_manager_hears_it_by_path_and_by_name),
	    cmocka_unit_test(without_a_manager_nothing_is_said),
	    cmocka_unit_test(a_name_that_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
