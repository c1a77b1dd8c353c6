"""The program, driven by its command line: the same script told to real nodes, and what they decided read from their logs."""
import csv
import json
import os
import subprocess

from catalogue_text import catalogue_text, yuan


class Failed(Exception):
    """The program did what no step of a script should make it do."""


class Engine:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.nodes = {}        # region -> directory
        self.codes = {}        # number of the script -> person code
        self.entries = {}      # (step, row) -> (region, entry)
        self.details = {}      # uscc -> what was registered
        self.files = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words, allowed=(0,)):
        done = subprocess.run([self.binary, *[str(word) for word in words]], capture_output=True, text=True, check=False)
        if done.returncode not in allowed:
            raise Failed('suiren %s: status %d: %s%s' % (
                ' '.join(str(word) for word in words), done.returncode, done.stdout[-2000:], done.stderr[-2000:]))
        return done.stdout

    def json(self, *words, allowed=(0,)):
        return json.loads(self.run(*words, '--json', allowed=allowed))

    def table(self, header, rows):
        self.files += 1
        path = self.path('table-%d.csv' % self.files)
        with open(path, 'w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(header)
            writer.writerows([['' if value is None else value for value in row] for row in rows])
        return path

    def begin(self, catalogues, day):
        for number, catalogue in enumerate(catalogues):
            path = self.path('policy-%d-1.yaml' % catalogue.region)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(catalogue_text(catalogue))
            node = self.path(str(catalogue.region))
            self.run('init', node, '--region', catalogue.region, '--policy', path, '--demo', '--seed', number + 1, '--now', day)
            self.nodes[catalogue.region] = node
            self.entries['policy', catalogue.region] = (catalogue.region, 1)
        self.run('peer', 'add', *self.nodes.values(), '--now', day)
        self.run('policy', 'bundle', next(iter(self.nodes.values())), '-o', self.path('bundle'))

    # --- steps: each returns the verdicts in the form of script.py --------------------------------------------------------

    def tell(self, number, step):
        return getattr(self, 'do_' + step['do'])(number, step)

    def order(self, number, step, words, header, rows):
        """A register's table: a verdict a row, and which entry each row became."""
        answer = self.json(*words[:2], self.nodes[step['region']], self.table(header, rows), *words[2:], '--now', step['day'],
                           allowed=(0, 1))
        row = 0
        for entry in answer['entries']:
            for _ in range(entry['rows']):
                self.entries[number, row] = (step['region'], entry['entry'])
                row += 1
        verdicts = [('registered', None)] * len(rows)
        for refused in answer['refused']:
            verdicts[refused['line'] - 2] = (refused['reason'], refused.get('day'))
        return verdicts, answer

    def do_persons(self, number, step):
        rows = [('人%d' % who, identity, income, ';'.join(flags)) for who, _, income, flags, identity in step['rows']]
        _, answer = self.order(number, step, ('person', 'register'), ('name', 'id_number', 'income_class', 'flags'), rows)
        codes = [int(person['person_code']) for person in answer['persons']]
        for (who, *_), code in zip(step['rows'], codes):
            self.codes[who] = code
        return codes

    def do_houses(self, number, step):
        rows = []
        for uscc, name, district, beds in step['rows']:
            key = self.json('key', 'new', 'institution', '-o', self.path(uscc + '.key'))['public_key']
            rows.append((uscc, name, 'nonprofit', district, beds, key))
        self.details.update({row[0]: row for row in rows})
        self.order(number, step, ('institution', 'register'), ('uscc', 'name', 'kind', 'district', 'beds', 'public_key'), rows)

    def do_beds(self, number, step):
        uscc, name, kind, district, _, _ = self.details[step['uscc']]
        self.order(number, step, ('institution', 'update'), ('uscc', 'name', 'kind', 'district', 'beds'),
                   [(uscc, name, kind, district, step['beds'])])

    def do_standing(self, number, step):
        self.json('institution', step['verb'], self.nodes[step['region']], step['uscc'], '--from', step['first'], '--grounds', 'drawn',
                  '--now', step['day'])

    def do_changes(self, number, step):
        rows = [(self.codes[who], death, income, None if flags is None else ';'.join(flags) or 'none')
                for who, death, income, flags in step['rows']]
        self.order(number, step, ('person', 'change'), ('person_code', 'death_day', 'income_class', 'flags'), rows)

    def do_assessments(self, number, step):
        rows = [(self.codes[who], first, last, level, score, ';'.join(flags)) for who, first, last, level, score, flags in step['rows']]
        return self.order(number, step, ('assessment', 'import'), ('person_code', 'from', 'until', 'level', 'score', 'flags'), rows)[0]

    def do_filings(self, number, step):
        rows = [(self.codes[who], host, first, last, '%064x' % (who + 1)) for who, host, first, last in step['rows']]
        return self.order(number, step, ('filing', 'import'), ('person_code', 'host', 'from', 'until', 'consent'), rows)[0]

    def do_grants(self, number, step):
        rows = [(self.codes[who], programme, first, last, paid_to, region or None, operation)
                for operation, who, programme, first, last, paid_to, region in step['rows']]
        return self.order(number, step, ('grant', 'import'),
                          ('person_code', 'programme', 'from', 'until', 'paid_to', 'region', 'operation'), rows)[0]

    def do_stays(self, number, step):
        rows = [(uscc, self.codes[who], first, last, operation) for operation, uscc, who, first, last in step['rows']]
        return self.order(number, step, ('stay', 'import'), ('uscc', 'person_code', 'first_day', 'last_night', 'operation'), rows)[0]

    def do_fund(self, number, step):
        self.json('fund', 'appropriate', self.nodes[step['region']], '--fund', step['fund'], '--amount', yuan(step['fen']),
                  '--reference', step['reference'], '--now', step['day'])

    def do_policy(self, number, step):
        catalogue = step['catalogue']
        path = self.path('policy-%d-%d.yaml' % (catalogue.region, catalogue.version))
        with open(path, 'w', encoding='utf-8') as file:
            file.write(catalogue_text(catalogue))
        answer = self.json('policy', 'adopt', self.nodes[step['region']], path, '--now', step['day'])
        self.entries[number, 0] = (step['region'], answer['entry'])

    def do_claims(self, number, step):
        files = []
        for sheet in step['sheets']:
            rows = [(sheet.uscc, '%016d' % line.person, line.programme, line.first, line.last,
                     None if line.asked is None else yuan(line.asked)) for line in sheet.lines]
            path = self.table(('institution', 'person_code', 'programme', 'first_day', 'last_day', 'amount'), rows)
            self.run('claim', 'sign', path, '--key', self.path(sheet.uscc + '.key'), '--policy', self.path('bundle'), '-o',
                     self.path('sheets'), '--host', sheet.host, '--payer', sheet.payer, '--number', sheet.number)
            files.append(self.path('sheets/%s-%d-%06d.sheet' % (sheet.uscc, sheet.number, sheet.payer)))
        self.run('claim', 'submit', self.nodes[step['region']], *files, '--now', step['day'], allowed=(0, 1))

    def do_deliver(self, number, step):
        answer = self.json('deliver', *self.nodes.values(), '--now', step['day'])
        if answer['refused']:
            raise Failed('%d documents were refused' % answer['refused'])

    def do_reverse(self, number, step):
        self.json('claim', 'reverse', self.nodes[step['region']], '--institution', step['uscc'], '--number', step['number'],
                  '--line', step['line'], '--grounds', 'drawn', '--now', step['day'])

    def do_reverse_run(self, number, step):
        entry = self.parts(step['region'])[step['name']][0]
        self.json('claim', 'reverse', self.nodes[step['region']], '--entry', entry, '--line', step['line'], '--grounds', 'drawn',
                  '--now', step['day'])

    def do_run(self, number, step):
        answer = self.json('allowance', 'run', self.nodes[step['region']], '--month', step['month'].strftime('%Y-%m'), '--programme',
                           step['programme'], '--run', step['name'], '--now', step['day'], allowed=(0, 1))
        return all('error' not in part for part in answer)

    # --- what was decided ---------------------------------------------------------------------------------------------------

    def entry(self, region, number):
        return self.json('log', 'entry', self.nodes[region], number)

    def sheets(self, region):
        """(uscc, number) -> entry at this node."""
        return {(row['institution'], row['number']): row['entry'] for row in self.json('claim', 'show', self.nodes[region])
                if row['payer'] == region}

    def parts(self, region):
        """Entries of each run, in order."""
        runs = {}
        for row in self.json('allowance', 'list', self.nodes[region]):
            runs.setdefault(row['run'], []).append(row['entry'])
        return runs

    def balances(self, region):
        return {row['account']: row for row in self.json('balance', self.nodes[region])}
