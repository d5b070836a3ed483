"""Pages of our own making, as sites wrap an article: furniture around it, walls before it."""

TITLE = "Harbour ferry returns after nine years"
TEASER = "The old ferry between Westquay and Lindholm sails again from Monday, the harbour board said on Thursday."
PARAGRAPHS = (
    TEASER,
    (
        "Nine years ago the last boat was tied up when the bridge was opened, and few people thought "
        "that it would ever leave the quay again. Since then the queue at the bridge has grown longer "
        "every summer, and cyclists have had to wait in the same line as the lorries."
    ),
    (
        "“We counted four thousand crossings a day on foot and by bicycle,” said Marit Solheim, who "
        "leads the board. “A boat that takes eleven minutes is simply quicker than a bridge that is "
        "closed every second hour for ships.”"
    ),
    (
        "The hull was repainted in the yard at Lindholm over the winter, and the diesel engine made way "
        "for batteries that are charged at the quay while passengers go on board. The work cost a third "
        "less than planned, because the engine room needed no new floor."
    ),
    (
        "Fishermen had asked for the boat to stop at the smoke houses on the island as well. The board "
        "will try that on Saturdays until the end of August and then count again. Dogs travel free, and "
        "so do children who bring a drawing of the ferry."
    ),
    (
        "The first boat leaves Westquay at a quarter past six in the morning. On Sunday everybody may "
        "look around on board, and the brass band of the fire brigade will play on the upper deck if "
        "the weather allows it."
    ),
)
WORDS = sum(len(one.split()) for one in PARAGRAPHS)

_MENU = "".join(f"<li><a href='/s/{name}'>{name}</a></li>" for name in ("News", "Sport", "Weather", "Culture"))  # fmt: skip
_RELATED = "".join(f"<li><a href='/r/{n}'>Another story, number {n}, about the town</a></li>" for n in range(8))  # fmt: skip


def page(body: str, title: str = TITLE, head: str = "") -> str:
    """A page of the site, with its menu and footer."""
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title} | Westquay Post</title>"
        f"{head}</head><body><nav><ul>{_MENU}</ul></nav><div id='main'>{body}</div>"
        f"<aside><h3>Related</h3><ul>{_RELATED}</ul></aside>"
        "<footer>© Westquay Post. Imprint. Privacy.</footer></body></html>"
    )


def article(paragraphs: tuple[str, ...] = PARAGRAPHS, title: str = TITLE, head: str = "") -> str:
    """A whole article, with a photograph, its caption and a link."""
    said = "".join(f"<p>{one}</p>" for one in paragraphs)
    figure = (
        "<figure><img src='/p/ferry.jpg' alt='A ferry'><figcaption>The ferry in the yard at Lindholm, "
        "photographed in March.</figcaption></figure>"
    )
    linked = "<p>Times are on <a href='timetable?day=1'>the board's own page</a>, where tickets can be had as well.</p>"
    return page(f"<article><h1>{title}</h1>{figure}{said}{linked}</article>", title, head)


PAYWALL = page(
    f"<article><h1>{TITLE}</h1><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>"
    "<div class='offer'><h2>Subscribe to continue reading</h2><p>Already a subscriber? Log in. Read all "
    "of Westquay Post for one crown a day, and cancel whenever you like.</p></div></article>"
)
METERED = article(
    head='<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": "False"}</script>'
)
COOKIES = page(
    "<h1>We value your privacy</h1><p>We and our 812 partners store and access information on your "
    "device, such as cookies, and process personal data, to show advertising and to measure it. With "
    "your consent we and our partners may use precise location data.</p><p>You can accept all cookies "
    "or manage them. Your consent holds for this site only and can be taken back at any time.</p>"
    "<button>Accept all cookies</button>"
)
# Says nothing that a list of phrases knows.
FOREIGN_WALL = page(
    "<h1>Selamat datang</h1><p>Laman ini hanya untuk mereka yang sudah masuk. Silakan tulis nama dan "
    "kata sandi di bawah ini, lalu tekan tombol hijau untuk melihat semua berita kami hari ini.</p>"
    "<p>Belum punya akun? Tulis alamat surat dan tunggu balasan dari kami dalam satu atau dua hari "
    "kerja. Semua kolom harus diisi sebelum tombol dapat ditekan oleh pembaca yang baru.</p>"
)
CAPTCHA = page("<h1>Just a moment</h1><p>Verify you are human by completing the action below. This site needs to review the security of your connection before proceeding.</p>")  # fmt: skip
NO_SCRIPT = page("<div id='root'></div><p>Please enable JavaScript to view this page. The site needs a newer browser than yours.</p>")  # fmt: skip
MISSING = page("<h1>Page not found</h1><p>The page that you look for has moved or never was. Try the search, or go back to the front page of Westquay Post, where all of today's news can be found.</p>", "Not found")  # fmt: skip
LOGIN = page("<h1>Log in</h1><form><p>Your e-mail address</p><input><p>Your password, of at least eight letters</p><input></form><p>New here? An account costs nothing and takes a minute to make.</p>", "Log in")  # fmt: skip
INDEX = page(
    "".join(
        f"<article><h2><a href='/a/{n}'>{title}</a></h2><p>{teaser}</p></article>"
        for n, (title, teaser) in enumerate(
            [(f"Story number {n} of the day", f"What happened on street number {n} was told to us by a neighbour who saw it from a window, and it was quite something.") for n in range(7)]
            + [(TITLE, TEASER)]
            + [(f"Story number {n} of the night", f"Nobody knows why the lamp in street number {n} went out, but somebody says that it was not the wind this time.") for n in range(9)]
        )
    ),
    "All news",
)  # fmt: skip
