/* Linked with the whole of one floor and the floors below it: proves that nothing climbs the stairs. */
int main(void)
{
	return 0;
}
