"""What publishers put around a text goes; sentences that begin like it stay."""

import re
from time import process_time

import pytest

from aggregator.normalize.cleaning import clean
from aggregator.normalize.furniture import is_furniture

BASE = "https://harbour.example/"

FURNITURE = [
    "<p>Continue reading</p>", "<p>Continue reading…</p>", "<p>Continue reading this article on our site</p>",
    "<p>Continue reading “The ferry that came back from the other side of the bay”</p>", "<p>Continue reading at harbour.example</p>",
    "<p>Continue reading The ferry that came back from the other side of the bay →</p>", "<p>Continue reading The ferry that came back from the other side...</p>",
    "<p><a href=/1>Continue reading The ferry that came back from the other side of the bay</a></p>",
    "<p>Continue reading <strong><a href=/1>The ferry that came back from the other side of the bay</a></strong></p>",
    "<p>المزيد</p>", "<p>المزيد من الأخبار</p>", "<p>اقرأ المزيد</p>", "<p><a href=/1>المزيد من الأهداف لمحمد</a></p>",
    "<p>Συνέχεια ανάγνωσης</p>", "<p>Διαβάστε περισσότερα</p>", "<p>Διαβάστε επίσης: Το καράβι γύρισε</p>", "<p><a href=/1>Συνέχεια στο λιμάνι</a></p>",
    "<p>Sign up for our newsletter</p>", "<p>Sign up to get the tide table by email.</p>", "<p>Subscribe to our daily email for more of the bay</p>",
    "<p>Subscribe by email</p>", "<p>Subscribe and have new posts delivered to your inbox.</p>", "<p>Register for our newsletter today</p>", "<p>Register to get free alerts</p>",
    "<p>Facebook Twitter WhatsApp</p>", "<p>Facebook | Instagram</p>", "<p>Share, tweet, email</p>", "<p>Share: Facebook, X</p>",
    "<p><a href=/f>Facebook</a>, <a href=/w>WhatsApp</a></p>",
    "<p>Read more</p>", "<p>Read more here.</p>", "<p>Read more at harbour.example.</p>", "<p>Read more: The ferry came back</p>", "<p>Read more about <a href=/1>the ferry.</a></p>",
    "<p><a href=/1>Keep reading about the ferry</a></p>", "<p><a href=/1>Mehr lesen über die Fähre</a></p>", "<p>Mehr dazu: <a href=/1>Die Fähre ist zurück.</a></p>", "<p>Weiterlesen auf hafen.example</p>",
    "<p>Lire la suite de l’article</p>", "<p>Lire plus »</p>", "<p>Lire aussi : Le bac est revenu</p>", "<p>Leer más sobre <a href=/1>el ferri</a></p>", "<p>Ler mais no porto.example</p>", "<p>Lees meer over <a href=/1>de veerboot</a></p>",
    "<p>Läs mer →</p>", "<p>Les mer her</p>", "<p>Tovább</p>", "<p>Tovább a cikkre</p>", "<p>Bővebben »</p>", "<p><a href=/1>Bővebben a kompról</a></p>", "<p>続きを読む</p>", "<p><a href=/1>続きを読むにはこちら</a></p>", "<p>阅读全文</p>",
    "<p>We use cookies.</p>", "<p>We use cookies to give you a better experience. Accept?</p>", "<p>Nous utilisons des cookies pour la navigation.</p>",
    "<p>Click here to read the full story</p>", "<p><a href=/s>Click here to subscribe</a></p>", "<p>Inscrivez-vous à notre newsletter</p>", "<p>Suscríbete</p>",
    "<p>The post Ferry sails again appeared first on Harbour Times.</p>", "<p>The post <a href=/1>iFerry</a> appeared first on <a href=/>harbour.example</a>.</p>",
    "<p>Der Beitrag Die Fähre erschien zuerst auf hafen.example.</p>", "<p>This story was originally published on <a href=/>Harbour Times</a>.</p>",
    "<p>Tags: <a href=/t>ferry</a>, <a href=/u>bay</a></p>", "<p>Sponsored: <a href=/a>Buy a boat</a></p>", "<p>[Sponsored] <a href=/a>Buy a boat</a></p>", "<p>(Werbung) <a href=/a>Ein Boot</a></p>", "<p>[Sponsored]</p>", "<p>Advertisement: <a href=https://acme.example/ropes?d=1.pdf>Acme ropes</a></p>", "<p>Follow us on X and Facebook</p>", "<p>Suivez-nous sur Facebook !</p>",
    "<ul><li><a href=/f>Share</a></li><li><a href=/m>Email</a></li></ul>", "<h3><a href=/1>Read more</a></h3>", "<p><a href=/c>Comments</a></p>",
    "<p>Read more: “The ferry came back”</p>", "<p>Read more from the Mayor →</p>", "<p><a href=/1>Read more from the Mayor</a></p>", "<p>Read more from <a href=/1>the Mayor</a></p>", "<p>Read more (Harbour Times)</p>",
    "<p>Sign up now for our newsletter!</p>", "<p>Subscribe now! Get our newsletter every day</p>", "<p>Sign up here to get The Tide in your inbox each morning</p>", "<p>Sign up to get news, tides and weather delivered to your inbox</p>", "<p>Sign up for the Harbour’s Morning newsletter</p>",
    "<p>Sign up with your email address to receive news and updates.</p>", "<p>Sign up to the Harbour Times’ free morning email</p>", "<p>Sign up to our email list</p>", "<p>Sign up for breaking news alerts</p>", "<p>Sign up for updates</p>", "<p>Subscribe to Harbour Blog by Email</p>", "<p>Sign up to receive the tide table by email.</p>",
    "<p>Suscríbete a nuestro canal de WhatsApp</p>", "<p>Suscríbete a nuestro boletín diario</p>", "<p>Suscríbete para recibir las noticias en tu correo</p>", "<p>Abonnez-vous à notre chaîne YouTube</p>", "<p>Inscrivez-vous aux alertes info</p>", "<p>Abonnez-vous pour recevoir nos articles par e-mail</p>", "<p>Abonnez-vous au canal WhatsApp</p>",
    "<p>Iscriviti gratis alla newsletter del porto</p>", "<p>Подпишитесь на наш канал в Telegram</p>", "<p>Подписка на рассылку</p>", "<p>Підпишіться на наш канал</p>", "<p>Zapisz się na newsletter</p>", "<p>Melden Sie sich hier für unseren Newsletter an</p>", "<p>Schrijf je in voor de nieuwsbrief</p>", "<p>Prenumerera på vårt nyhetsbrev</p>", "<p>Tilmeld dig vores nyhedsbrev</p>", "<p>Tilaa uutiskirje</p>",
    "<p>Click to share on Facebook (Opens in new window)</p>", "<p>Click to print (Opens in new window)</p>", "<p>Click to email a link to a friend (Opens in new window)</p>", "<p>Share on social media</p>", "<p>Teilen auf X</p>", "<p>Dela på Facebook</p>",
    "<p><a href=/1>Continue reading</a> <a href=/s>Share</a></p>", "<p><a href=/1>Read more</a> | <a href=/s>Share</a> | Leave a comment</p>", "<p><a href=/s>Share</a><br><a href=/1>Read the full story</a></p>",
    "<p>Sign up to our newsletter for the latest news, tides and offers.</p>", "<p>Subscribe to our newsletter. We never spam.</p>", "<p>Sign up for our newsletter – it’s free</p>", "<p>Sign up for the Tide newsletter here: all the news of the bay in your inbox.</p>",
    "<p>Newsletter abonnieren</p>", "<p>Jetzt Newsletter abonnieren!</p>", "<p>Newsletter bestellen und nichts mehr verpassen</p>", "<p>Prenumerera på vårt nyhetsbrev och få nyheterna först</p>", "<p>Abonner på nyhetsbrevet</p>", "<p>Tilmeld dig vores nyhedsbrev og få de bedste historier</p>", "<p>Tilaa uutiskirjeemme tästä</p>",
    "<p>Подпишитесь на нашу рассылку, чтобы ничего не пропустить</p>", "<p>Підписка на розсилку</p>", "<p>Abonnez-vous à notre newsletter, c’est gratuit !</p>",
    "<p>This website uses cookies to improve your experience. We’ll assume you’re ok with this, but you can opt out.</p>", "<p>We use cookies to show you ads, according to your interests.</p>", "<p>Ce site utilise des cookies pour la navigation, selon vos préférences.</p>", "<p>Diese Website verwendet Cookies, um Ihnen das beste Erlebnis zu bieten.</p>",
    "<p>By continuing to use this website, you agree to the use of cookies.</p>", "<p>By continuing to browse our site you’re agreeing to our use of cookies.</p>",
    "<p>A post shared by Anna Berg (@anna.berg)</p>", "<p>A post shared by Anna Berg (@anna_berg) on Sep 27, 2020 at 11:50am PDT</p>", "<p>A post shared by @annaberg</p>",
    "<p><a href=/1.pdf>Print</a></p>", "<p><a href=/1.pdf>Read more</a></p>", "<p><a href=/1>Read the full report</a></p>",
    "<p>Your browser does not support the video tag.</p>", "<p>Your browser does not support HTML5 audio. Here is a link to the file instead.</p>", "<p>Your browser does not support JavaScript!</p>",
    "<p>Share on Facebook, X and more</p>", "<p>Share to X Share to Facebook</p>", "<p>Partager sur les réseaux sociaux</p>", "<p>Comparte en tus redes sociales</p>", "<p>Comments Off on The ferry that came back</p>", "<p>Follow us on X for more of the bay</p>",
]  # fmt: skip
WRITTEN = [
    "<p>Subscribers to the newsletter were told that the paper will close in June.</p>", "<p>Registering for the newsletter cost him 400 pounds, the court heard.</p>", "<p>Subscribe to the newsletter of the sect, the leaflet said.</p>", "<p>Sign up for alerts fell by a third, says the council.</p>", "<p>Subscribe to a newsletter once and you get ten.</p>",
    "<p>Subscribe buttons for the newsletter cost the firm 3 million.</p>", "<p>Register your newsletter with the court by 3 May.</p>", "<p>Register to vote in the newsletter poll</p>", "<p>Sign up for the newsletter of the sect led to his arrest.</p>", "<p>Sign up for updates was the only button on the page.</p>",
    "<p>Подписка на рассылку Минздрава станет платной с 1 июля.</p>", "<p>Подпишитесь на рассылку, сообщает полиция, и потеряете деньги.</p>", "<p>Newsletter bestellen ist künftig strafbar, wenn die Einwilligung fehlt.</p>", "<p>Newsletter abonnieren: Das sagt das Gericht</p>", "<p>Newsletter bestellen und kündigen: So geht es</p>",
    "<p>Abonner des clients à leur insu à une newsletter est interdit.</p>", "<p>Abonner på nyhetsbrev ble dyrere</p>", "<p>Prenumerera på nyhetsbrev blir dyrare i maj</p>", "<p>Tilaa uutiskirjeille ei ole.</p>", "<p>Zapisz się na newsletter, mówi oszust.</p>", "<p>Iscriviti alla newsletter, dice il truffatore.</p>", "<p>Suscríbete al boletín, dice el estafador.</p>", "<p>Schrijf je in voor de nieuwsbrief, zegt de oplichter.</p>",
    "<p>By continuing to use our services, 40,000 patients face longer waits, says the report.</p>", "<p>By continuing to use this app, ministers put the bay at risk.</p>", "<p>A post shared by Berg’s brother @annaberg was later deleted.</p>", "<p>A post shared by the mayor (@mayor) cost him the office.</p>", "<p>A post shared by the club (@club) on Sunday was deleted.</p>",
    "<p>Your browser does not support the new standard, says the maker, and that is a danger.</p>", "<p>Please enable JavaScript, says the ministry to its citizens.</p>", "<p>Comments off on the record were made by the mayor.</p>", "<p>Follow Anna Berg on X for more than a day and you know why.</p>",
    "<p>Ce site utilise des cookies sans consentement, juge la CNIL.</p>", "<p>Diese Seite verwendet Cookies ohne Einwilligung, rügt der Datenschutz-Beauftragte.</p>", "<p>This site uses cookies without your consent.</p>", "<p>This website uses cookies that break privacy law, the watchdog ruled.</p>", "<p>Este sitio web utiliza cookies sin consentimiento, según la agencia.</p>",
    "<p>Questo sito utilizza cookie per la navigazione, avverte il Garante.</p>", "<p>Deze website gebruikt cookies zonder toestemming, zegt de toezichthouder.</p>", "<p>Этот сайт использует cookies без согласия, сообщил суд.</p>", "<p>このサイトはCookieを同意なしに利用している、と当局が指摘した。</p>",
    "<p>(Sponsored) athletes must declare their income from 2027 on.</p>", "<p>(Publicité) mensongère : le tribunal condamne la chaîne.</p>", "<p>(Werbung) für Tabak wird verboten</p>", "<p>[Sponsored] bill passes the Senate</p>", "<p>(Реклама) табака запрещена</p>", '<p>(Sponsored) athletes must declare it, says <a href="https://harbour.example/1">the mayor</a></p>',
    "<p>Partager sur Facebook des photos volées est un délit.</p>", "<p>Teilen auf Facebook wird strafbar</p>", "<p>Compartir en redes sociales fotos de menores será delito.</p>", "<p>Share on Facebook falls by 12 per cent</p>", "<p>Share with email providers the blame for the leak.</p>", "<p>Suivez-nous sur Facebook, disent-ils, et vous verrez.</p>",
    '<p>Read the full report: <a href="https://harbour.example/tides.pdf">The tides of 2026</a></p>', '<p>The ferry is late. <a href="https://harbour.example/tides.pdf">Read the full report</a></p>',
    '<p>Advertisement: <a href="https://harbour.example/12.pdf">Download No. 12/2026</a></p>', '<p>[Sponsored] <a href="https://harbour.example/bill.DOCX?v=2">Read the bill</a></p>', '<p><a href="https://herald.example/1">Source</a></p>', '<p>The ferry sails. <a href="https://herald.example/1">Source</a></p>',
    "<p>Read more from the Mayor</p>", "<p>Read more on Monday</p>", "<p>Read more at the Library</p>", "<p>Keep reading on Sundays</p>", "<p>Lees meer op Texel</p>", "<p>Les mer på Hitra</p>", "<p>Lire plus : mieux dormir</p>", "<p>Mehr lesen: besser schlafen</p>", "<p>Leer más: mejor dormir</p>", "<p>Читать далее: это трудно</p>",
    '<p>Read more "serious" books this year</p>', "<p>Read more (and better) books</p>", "<p>Lees meer “moeilijke” boeken</p>", "<p>Mehr lesen „dicke“ Bücher</p>", "<p>Lire plus « sérieux » et dormir</p>", '<p>Read more: that is what <a href="https://harbour.example/1">the teacher</a> asks for</p>',
    "<p>Sign up to run: the club takes anyone with an email address</p>", "<p>Sign up for the race by email</p>", "<p>Sign up for the race with a free email</p>", "<p>Sign up to help, the club has an email list</p>", "<p>Sign up with an email to the club</p>", "<p>Sign up for an email account first</p>",
    "<p>Sign up by Friday. The newsletter of the club lists the runners.</p>", "<p>Sign up for flood alerts before the storm, the council says.</p>", "<p>Register by Friday: the newsletter of the club lists the runners.</p>", "<p>Subscribe to the idea that the inbox is no master</p>",
    "<p>Inscrivez-vous avant vendredi : le club répond à chaque e-mail.</p>", "<p>Inscrivez-vous au tournoi du canal Saint-Martin</p>", "<p>Inscríbete en la carrera: el club te escribe un correo</p>", "<p>Inscríbete en el torneo por correo antes del viernes</p>", "<p>Iscriviti alla corsa: la newsletter del club ha gli orari.</p>",
    "<p>Подписка на кабельные каналы подорожает в мае</p>", "<p>Подпишитесь под петицией: канал закроют в мае</p>", "<p>Zapisz się na bieg: newsletter klubu poda godziny.</p>", "<p>Melden Sie sich beim Verein: Der Newsletter nennt die Zeiten.</p>", "<p>Schrijf je in voor de loop: de nieuwsbrief noemt de tijden.</p>", "<p>Tilmeld dig løbet: klubbens nyhedsbrev har tiderne.</p>",
    "<p>Click to share a file with the team</p>", "<p>Click to print the form for the club</p>", "<p>Share with the poor: social justice begins at home</p>", "<p>Share on the boat, x marks the spot</p>", "<p>Partager sur le bateau : les réseaux attendront</p>", "<p>Dela på båten: sociala regler gäller</p>",
    "<p>[Ad] hoc committee of the harbour convenes</p>", "<p>(Anzeige) erstattet: der Verein klagt gegen den Hafen</p>",
    "<p>More from the talks tomorrow</p>", "<p>Meer over de brand morgen</p>",
    "<p>المزيد من الأهداف لمحمد صلاح مع ليفربول هذا الموسم</p>",
    "<p>Συνέχεια στις νίκες έδωσε ο Ολυμπιακός στο Φάληρο</p>",
    "<p>Διαβάστε τους κανόνες πριν βγείτε με τη βάρκα.</p>",
    "<p>Continue reading the scorecard: England 200-4 at tea on day two</p>",
    "<p>Continue reading to the children each night, the teacher of the island says.</p>",
    "<p>Register with the club by email before Friday to get a ticket.</p>",
    "<p>Sign up with the club by email before Friday to get a ticket.</p>",
    "<p>Register your boat before the updates of the rules in May.</p>",
    "<ul><li>Facebook, Instagram, WhatsApp</li></ul>",
    "<ul><li>Facebook, X</li></ul>",
    "<p>Read more books, says the teacher of the island.</p>", "<p>Read more in bed and sleep better</p>", "<p>Read more: that is what the teacher of the island asks for.</p>",
    "<p>Read the whole story to the end before you judge.</p>", "<p>Keep reading to your children, says the teacher.</p>", "<h2>Keep reading aloud</h2>",
    "<p>Tovább csökkent az infláció a szigeten.</p>", "<p>Tovább csökkent az infláció</p>", "<p>Tovább csökkent az infláció…</p>", "<p>Bővebben is írt erről a kikötő lapja.</p>",
    "<p>Lire plus rend heureux, dit la maîtresse.</p>", "<p>Lire la suite des événements demandera du temps.</p>", "<p>Mehr lesen wollen viele Kinder auf der Insel.</p>", "<p>Mehr lesen wollen viele Kinder</p>",
    "<p>Mehr erfahren die Fischer erst am Montag.</p>", "<p>Weiterlesen lohnt sich.</p>", "<p>Leer más en voz alta ayuda a los niños.</p>", "<p>Ler mais ajuda as crianças da ilha.</p>", "<p>Lees meer boeken, zegt de meester.</p>",
    "<p>Läs mer böcker, säger läraren.</p>", "<p>Les mer bøker, sier læreren.</p>", "<p>Czytaj więcej książek!</p>", "<p>続きを読む人が島で増えている。</p>", "<p>Xem thêm ba chiếc phà ở cảng.</p>",
    '<p>Tovább csökkent az infláció, írja a <a href="https://harbour.example/1">kikötő lapja</a>.</p>', '<p><a href="https://harbour.example/1">Mehr lesen wollen viele Kinder.</a></p>',
    "<p>Inscrivez-vous avant vendredi pour la course du port.</p>", "<p>Suscríbete a la idea: el mar es de todos.</p>", "<p>We use cookies as bait for the gulls, says the baker.</p>",
    "<p>We use cookies to feed the ducks, and better bread too.</p>", "<p>Print this page by noon today</p>", "<p>Comment on story by noon.</p>", "<p>Nous utilisons des cookies maison comme appât.</p>",
    "<p>Click here to vote for the ferry of the year.</p>", '<p><a href="https://harbour.example/v">Click here to vote</a></p>', "<p>The post office on Harbour Street appeared first on the map of 1850.</p>",
    "<p>This story first appeared in the harbour book of 1850.</p>", "<p>Source: Reuters</p>", "<p>Source: the harbour master's book</p>", "<p>Tags: red for boats, blue for nets</p>", "<p>Werbung: Wie viel ist erlaubt?</p>",
    "<ul><li>Share</li><li>Email</li></ul>", "<ul><li>Sleep well</li><li>Read more</li></ul>", "<h2>Email</h2>", "<p><strong>Comments</strong></p>", "<p>Email</p>",
    "<p>Share with your neighbours the water that you have.</p>", "<p>Suivez-nous sur la route du Tour, disent-ils.</p>", "<p>Dela på båten med grannen</p>", "<p>More from the talks tomorrow.</p>",
    "<p>Follow the ferry on YouTube from eight, when the race begins.</p>", "<p>Turn on JavaScript in the settings, then start the browser again.</p>",
    '<p>The children say they <a href="https://harbour.example/1">read more</a>.</p>', '<p>Kinder wollen <a href="https://harbour.example/1">mehr lesen</a></p>', '<p>Then click on <a href="https://harbour.example/1">Share</a></p>',
]  # fmt: skip


@pytest.mark.parametrize("furniture", FURNITURE)
def test_furniture_goes(furniture: str) -> None:
    made = clean("T", "", f"<p>The ferry sails.</p>{furniture}", base=BASE)
    assert made.html == "<p>The ferry sails.</p>"


@pytest.mark.parametrize("written", WRITTEN)
def test_what_is_written_stays(written: str) -> None:
    for content in (f"<p>The ferry sails.</p>{written}", written):
        assert clean("T", "", content, base=BASE).html == content
        assert clean("T", content, "", base=BASE).html == content
    said = re.sub("<[^>]*>", "", written)
    assert clean("T", said, "<p>The ferry sails.</p>", base=BASE).summary


@pytest.mark.parametrize("start", ["", "Sign up for our newsletter", "Subscribe to get ", "We use cookies", "Share on X ", "Your browser does not support x", "Continue reading"])  # fmt: skip
@pytest.mark.parametrize("again", [" to", " and, and", ", says", ". We x", " x, x", " news", " our (", "@a ", " ", ".", "([", " “a", " a newsletter"])  # fmt: skip
def test_no_block_takes_long(start: str, again: str) -> None:
    block = (start + again * 240)[:239] + "~"
    began = process_time()
    is_furniture(block, block)
    assert process_time() - began < 0.05


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("<p>This site uses cookies, says the baker of the harbour, but only warm ones.</p>", True),
        ("<p>Sign up for the updates of the harbour master before you sail.</p>", True),
        ("<p>Read more</p><p>Sign up for the updates of the harbour master.</p>", True),
        ("<p>Read more</p>", False),
        ("<p>Share</p><p>Continue reading →</p>", False),
    ],
)  # fmt: skip
def test_a_notice_that_is_all_there_is_stays(content: str, left: bool) -> None:
    made = clean("T", "", content, base=BASE)
    assert bool(made.text) is left
    assert clean("T", "", made.html, base=BASE).html == made.html
    assert bool(clean("T", made.text or "Read more", "<p>Text</p>", base=BASE).summary) is left
    assert "Read more" not in made.text


@pytest.mark.parametrize(
    ("links", "left"),
    [
        (" <a href=/1>Continue reading</a> <a href=/s>Share</a>", ""),
        (" <a href=/1>Continue reading</a> | <a href=/s>Share</a> | <a href=/m>Email</a>", ""),
        (" Then click on <a>Share</a>. <a href=/1>Read more</a>", " Then click on Share."),
        (' Ask <a href="https://harbour.example/t">Torres</a>. <a href=/1>Read more</a> <a href=/s>Share</a>', ' Ask <a href="https://harbour.example/t">Torres</a>.'),
        (' Then press <a href="https://harbour.example/s">Share</a> <a href="https://harbour.example/m">Email</a>', None),
    ],
)  # fmt: skip
def test_links_side_by_side_at_the_end_go_together(links: str, left: str | None) -> None:
    made = clean("T", "", f"<p>The ferry sails.{links}</p>", base=BASE)
    assert made.html == f"<p>The ferry sails.{links if left is None else left}</p>"
