"""Feeds in five languages with a text of their own in each entry, and boilerplate around it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

ENTRIES = 20


@dataclass(frozen=True)
class Template:
    """What one publisher puts around its texts. ``promos`` take turns, ``bios`` are two authors'."""

    lang: str
    words: str
    intro: str
    share: str
    letter: str
    bios: tuple[str, str]
    promos: tuple[str, str, str]
    related: str
    tail: str

    def lines(self) -> tuple[str, ...]:
        """Every line that must be gone in the end."""
        return (
            self.intro, self.share, self.letter, *self.bios, *self.promos, self.related, self.tail,
        )  # fmt: skip


TEMPLATES = (
    Template(
        lang="en",
        words="keeper coach winger storm ground season captain whistle harbour crowd penalty bench",
        intro="From our desk at the harbour, where sport is told without hurry",
        share="Pass it on: Quack · Honk · Chirp",
        letter="The Harbour Letter lands on your doormat each Friday, free of charge",
        bios=(
            "Mabel Quill has written about rowing and rain since she lost an oar.",
            "Otto Pym covers the lower leagues and keeps bees behind the stand.",
        ),
        promos=(
            "Mugs with our owl on them are back in the shop",
            "Our owl has a song now, and it is dreadful",
            "Readers of the owl get a tenth off at Pym's Pies",
        ),
        related="Others were reading",
        tail="All words and owls belong to the Harbour Courier, Port Elling",
    ),
    Template(
        lang="es",
        words="portera entrenador banda lluvia campo temporada capitana silbato puerto grada penalti banquillo",
        intro="Desde la redacción del faro, donde el deporte se cuenta sin prisa",
        share="Pásalo: Pío · Graz · Clo",
        letter="La Carta del Faro llega cada viernes a tu buzón sin que pagues nada",
        bios=(
            "Inés Almirón escribe de remo y de chubascos desde que perdió un remo.",
            "Tomás Quero sigue las ligas menores y cría abejas tras la grada.",
        ),
        promos=(
            "Las tazas con nuestra lechuza han vuelto a la tienda",
            "Nuestra lechuza ya tiene canción, y es horrible",
            "Quien lee la lechuza paga menos en Empanadas Quero",
        ),
        related="Otros leían",
        tail="Todas las palabras y lechuzas son del Correo del Faro, Villaluz",
    ),
    Template(
        lang="de",
        words="Torhüterin Trainer Flügel Gewitter Rasen Saison Kapitänin Pfiff Hafen Kurve Elfmeter Bank",
        intro="Aus der Stube am Leuchtturm, wo Sport ohne Eile erzählt wird",
        share="Weitersagen: Quak · Tröt · Piep",
        letter="Der Leuchtturmbrief liegt jeden Freitag kostenlos auf deiner Matte",
        bios=(
            "Grete Möwe schreibt über Rudern und Regen, seit ihr ein Ruder abhandenkam.",
            "Veit Sand beobachtet die Kreisklasse und hält Bienen hinter der Kurve.",
        ),
        promos=(
            "Tassen mit unserer Eule gibt es wieder im Laden",
            "Unsere Eule hat jetzt ein Lied, und es ist furchtbar",
            "Wer die Eule liest, zahlt weniger bei Sands Suppen",
        ),
        related="Andere lasen gerade",
        tail="Alle Wörter und Eulen gehören dem Leuchtturmboten zu Nebelort",
    ),
    Template(
        lang="fr",
        words="gardienne entraîneur ailière orage pelouse saison capitaine sifflet port tribune penalty banc",
        intro="Depuis la salle du phare, où le sport se raconte sans hâte",
        share="À faire passer : Coin · Cui · Pouet",
        letter="La Lettre du Phare arrive chaque vendredi dans votre boîte, gratuitement",
        bios=(
            "Lise Corbin écrit sur l’aviron et la pluie depuis qu’elle a perdu une rame.",
            "Paul Vigne suit les petites divisions et élève des abeilles derrière la tribune.",
        ),
        promos=(
            "Les tasses à la chouette sont de retour en boutique",
            "Notre chouette a sa chanson, et elle est affreuse",
            "Lire la chouette, c’est payer moins aux Tourtes Vigne",
        ),
        related="D’autres lisaient",
        tail="Tous les mots et les chouettes sont au Courrier du Phare, Brumeville",
    ),
    Template(
        lang="ja",
        words="選手 監督 雨 球場 季節 主将 笛 港 観客 蹴球 守備 控え",
        intro="灯台の編集室から、急がない運動の話をお届けします",
        share="伝える：ガア・ピヨ・ホウ",
        letter="灯台だよりは毎週金曜日に無料で郵便受けへ届きます",
        bios=(
            "海野まりは櫂をなくしてから漕艇と雨の話を書いている。",
            "砂田治は下部の試合を追い、観客席の裏で蜂を飼う。",
        ),
        promos=(
            "梟の湯のみが店に戻りました",
            "梟に歌ができましたが、ひどい歌です",
            "梟を読む人は砂田の饅頭が安くなります",
        ),
        related="ほかの人が読んでいた話",
        tail="言葉と梟はすべて霧町の灯台新聞のものです",
    ),
)


@dataclass(frozen=True)
class Planted:
    """One feed: its template, and what it really says."""

    number: int
    template: Template

    @property
    def logo(self) -> str:
        return f"https://paper{self.number}.example/owl.png"

    def title(self, n: int) -> str:
        return f"{self._words(n, 5, 'headline')} {self.number}-{n}"

    def paragraphs(self, n: int) -> tuple[str, ...]:
        """What entry ``n`` says; the second paragraph stands in three entries, the third in two."""
        return (
            f"{self._words(n, 12, 'first')} {n}.",
            f"{self._words(n // 3, 14, 'of three')} {n // 3}.",
            f"{self._words(n // 2, 9, 'of two')} {n // 2}.",
            f"{self._words(n, 15, 'last')} {n}.",
        )

    def caption(self, n: int) -> str:
        return f"[{self._words(n, 6, 'caption')} {n}]"

    def _words(self, n: int, count: int, sense: str) -> str:
        words = self.template.words.split()
        start = sum(map(ord, sense)) + 31 * self.number
        # With the number, or texts of so few words would be near copies of one another.
        return " ".join(
            f"{words[(start + (n + 3) * (k + 1) + k * k) % len(words)]}{100 * self.number + n}"
            for k in range(count)
        )

    def document(self, upto: int) -> bytes:
        """The feed with its entries below ``upto``, newest first."""
        items = "".join(self._item(n) for n in range(upto - 1, -1, -1))
        home = f"https://paper{self.number}.example"
        return (
            f'<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            f"<title>Paper {self.number}</title><link>{home}/</link>"
            f"<language>{self.template.lang}</language>{items}</channel></rss>"
        ).encode()

    def _item(self, n: int) -> str:
        of, home = self.template, f"https://paper{self.number}.example"
        first, *rest = self.paragraphs(n)
        links = "".join(
            f'<li><a href="{home}/{n}/{k}">{self._words(n + 7 * k, 4, "link")} {n}.{k}</a></li>'
            for k in range(3)
        )
        content = (
            f'<div class="intro"><em>{of.intro}</em></div><p><img src="{self.logo}?v={n}"></p>'
            f"<p>{first}</p>"
            f'<figure><img src="{home}/{n}.jpg"><figcaption>{self.caption(n)}</figcaption></figure>'
            f"<p>{self.caption(n)}</p><p>{rest[0]}</p>"
            f'<p><a href="{home}/letter?from={n}">{of.letter}</a></p>'
            f"<p>{rest[1]}</p><p>{rest[2]}</p>"
            f"<p><b>{of.promos[n % 3]}</b></p><p>{of.share}</p><hr><p><i>{of.bios[n % 2]}</i></p>"
            f"<h3>{of.related}</h3><ul>{links}</ul><p><small>{of.tail}</small></p>"
        )
        return (
            f"<item><guid>{self.number}-{n}</guid><title>{escape(self.title(n))}</title>"
            f"<link>{home}/{n}</link>"
            f"<description>{escape(f'<p>{of.intro}</p><p>{first}</p><p>{of.tail}</p>')}</description>"
            f"<content:encoded>{escape(content)}</content:encoded></item>"
        )


def feeds() -> tuple[Planted, ...]:
    """Two feeds a language."""
    return tuple(Planted(n, template) for n, template in enumerate(TEMPLATES * 2))
