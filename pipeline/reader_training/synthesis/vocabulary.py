"""Words, units and signs that people write beside numbers, in several languages."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


MONTHS = _split("""
    January February March April May June July August September October November December Jan Feb Mar Apr Jun Jul
    Aug Sept Oct Nov Dec Januar Februar März Mai Juni Juli Oktober Dezember janvier mars avril juin août enero mayo
    julio marzo giugno luglio maart juni augusti
""")
WEEKDAYS = _split("""
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri Sat Sun Montag Dienstag Mittwoch
    Freitag Samstag Sonntag Mo Di Mi Do Fr Sa So lundi mardi jeudi lunes viernes sabato zondag
""")
FIRST_NAMES = _split("""
    Anna Ben Clara David Eva Felix Hans Ida Jonas Julia Karl Lena Lisa Luis Maria Max Mia Nils Olga Oscar Paul Peter
    Rosa Sofia Tom Zoe Müller Schmidt Weber Smith Jones Brown Garcia Rossi Dubois Novak Jansen Silva
""")
CITIES = _split("""
    Berlin Bonn Bern Basel Graz Köln London Leeds Oslo Paris Lyon Madrid Roma Milano Wien Zürich Boston Texas Delhi
    Street Road Avenue Straße Weg Platz rue via calle Room Zimmer Floor Haus Box Hall Park
""")
FORM_WORDS = _split("""
    Name Date Datum Total Summe Page Seite Tel Phone Code Score Order Sum Betrag Price Preis Konto Bank Account
    Amount Number Nummer Student Group Gruppe Class Klasse Team Test Task Aufgabe Points Punkte Age Alter Size Rest
    Cash Paid Start Ende Week Woche Day Tag Jahr year Rabatt Menge Artikel Rechnung Invoice Signed Ort Km-Stand
    Versuch Sample Probe Version Level fecha página numéro prix ventas data totale somma antal pris
""")
THINGS = _split("""
    milk eggs bread butter sugar flour apples rice tea coffee cheese oil salt Milch Eier Brot Mehl Zucker Äpfel Käse
    Wasser Öl pain lait pan leche book box pens tickets bus train gate seat Zug Gleis call buy see new old and und
    et from bis to von ab am um bei for per the mit ok
""")
SMALL_WORDS = _split("""
    is it if of to so do go by be as at in on no we he she you the and or was said his her not but that with they this
    are had him its says sees does good all will till still little silly lies said did idea also goes gold body loose
    ist es so die das der sie sich du bis als alles viel ich wie los sollte aus dass gut geld il a la le les des si loi
""")  # of sentences; read alone, their letters might be digits
ANSWERS = _split("yes no ja nein oui non sí si nee m f w d on off AM PM")
CYRILLIC = _split("""
    Упражнение страница задача ответ школа класс работа число дано решение слово вода зима небо было гость бумага номер
    стр. рис. руб. кг чай хлеб молоко домашняя апреля
""")  # some of whose letters resemble a 3, a 4, a 6 or a 0
CODE_LETTERS = _split("A B C D E F AI BI BS CS IT SB ES IS EB OA BA CE EE ME AIB MAT PHY")  # between or after digits
VOCABULARY = (*MONTHS, *WEEKDAYS, *FIRST_NAMES, *CITIES, *FORM_WORDS, *THINGS, *CYRILLIC)
OPENINGS = _split("""
    No. Nr. N° ca. # € $ £ - * + ~ = < > p. S. Tel. Fr. CHF EUR USD max. min. x à A H K M P R T V je ab bis §
""")  # before a number
UNITS = _split("""
    g kg mg l ml dl m cm mm km m² °C °F ° % € $ £ x h s min sec Std Uhr am pm V W kW kWh A Hz kcal pcs Stk. St. Fr.
    EUR CHF km/h t ft in lb lbs oz a b c d e q y j A C D E F G H K L M N P R T U X Y ! ? & * p n th nd
""")
OPERATORS = _split("+ = × x ÷ < > & - – → ← ↓ @ * ~ ( ) [ ] √ ≈ %")
CHECKS = _split("x X + - ? ! ✓")  # in front of or behind an entry of a list
