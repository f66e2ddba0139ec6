package main

// texts are what synthesizers read: plain sentences, by language.
func texts() map[string]string {
	return map[string]string{
		"en": `Good morning, everybody, and thank you for joining so early.
Could you please share the second page once more?
The train was late again, so I am calling from the kitchen table.
We sold nine thousand four hundred and twelve tickets in the first week of June.
I do not think that the blue one will fit, but we may try it after lunch.
Sorry, you were muted; what did you say about the budget?
My daughter has just come home from school and wants to know what is for dinner.
Let us move the deadline to Thursday, the thirty first of October, at half past three.
The weather in Glasgow is dreadful, while here the sun has been shining all week.
Which of the five proposals did the committee choose in the end?
There is a strange noise in the hall, please wait while I close the door.
Fresh bread, a pound of butter, six eggs, and some cheese would be enough.
He asked whether the measurements had been repeated with the newer instrument.
Judge for yourself: the figures of this quarter are better than we had hoped.
Perhaps we should begin with the questions that nobody dared to ask last time.
Thank you all very much, have a pleasant evening, and see you next Monday.
The old bridge over the river was closed because of the heavy rain.
Please write down the number: zero, seven, eight, five, double three, one, four.
Nobody knew how the cat had managed to open the window of the upper floor.
If everyone agrees, I shall send the final version to the printer tonight.`,
		"de": `Guten Morgen, schön, dass alle so früh dabei sind.
Können Sie bitte noch einmal die zweite Seite zeigen?
Der Zug hatte Verspätung, deshalb rufe ich vom Küchentisch aus an.
Im Juni haben wir neuntausendvierhundertzwölf Karten verkauft.
Ich glaube nicht, dass die blaue passt, aber wir versuchen es nach dem Essen.
Entschuldigung, was hast du über den Haushalt gesagt?
Meine Tochter ist gerade aus der Schule gekommen und hat Hunger.
Wir verschieben den Termin auf Donnerstag um halb vier.
Das Wetter in Hamburg ist furchtbar, hier scheint die Sonne.
Welchen der fünf Vorschläge hat der Ausschuss gewählt?
Im Flur ist ein seltsames Geräusch, ich schließe kurz die Tür.
Frisches Brot, ein Pfund Butter, sechs Eier und etwas Käse genügen.
Vielen Dank, einen schönen Abend und bis nächsten Montag.
Die alte Brücke über den Fluss war wegen des Regens gesperrt.`,
		"cs": `Dobré ráno, děkuji vám, že jste přišli tak brzy.
Mohl byste prosím ještě jednou ukázat druhou stránku?
Vlak měl zase zpoždění, a tak volám z kuchyně.
V červnu jsme prodali devět tisíc čtyři sta dvanáct lístků.
Nemyslím si, že se modrá hodí, ale zkusíme to po obědě.
Promiňte, neslyšel jsem, co jste říkal o rozpočtu.
Moje dcera právě přišla ze školy a chce vědět, co bude k večeři.
Posuneme termín na čtvrtek v půl čtvrté odpoledne.
V Praze prší, ale u nás celý týden svítí slunce.
Který z pěti návrhů nakonec komise vybrala?
Na chodbě je divný hluk, počkejte, zavřu dveře.
Čerstvý chléb, máslo, šest vajec a trochu sýra bude stačit.
Zeptal se, zda byla měření opakována novým přístrojem.
Starý most přes řeku byl kvůli dešti uzavřen.
Nikdo nevěděl, jak kočka otevřela okno v horním patře.
Děkuji vám všem, hezký večer a na shledanou v pondělí.`,
		"fi": `Hyvää huomenta kaikille ja kiitos, että tulitte näin aikaisin.
Voisitko näyttää toisen sivun vielä kerran?
Juna oli taas myöhässä, joten soitan keittiön pöydän äärestä.
Myimme kesäkuussa yhdeksäntuhatta neljäsataa kaksitoista lippua.
En usko, että sininen sopii, mutta kokeillaan lounaan jälkeen.
Anteeksi, mitä sanoit budjetista?
Tyttäreni tuli juuri koulusta ja haluaa tietää, mitä on ruokana.
Siirretään määräaika torstaihin kello puoli neljään.
Helsingissä sataa, mutta täällä aurinko on paistanut koko viikon.
Minkä viidestä ehdotuksesta lautakunta lopulta valitsi?
Käytävässä on outo ääni, odota hetki, suljen oven.
Tuoretta leipää, voita, kuusi munaa ja vähän juustoa riittää.
Vanha silta joen yli oli suljettu sateen vuoksi.
Kiitos kaikille, hyvää iltaa ja nähdään ensi maanantaina.`,
		"it": `Buongiorno a tutti e grazie di essere venuti presto.
Potrebbe mostrare ancora una volta la seconda pagina?
Il treno era di nuovo in ritardo, quindi chiamo dalla cucina.
A giugno abbiamo venduto novemila quattrocento dodici biglietti.
Non credo che quello blu vada bene, ma possiamo provare dopo pranzo.
Scusi, che cosa ha detto del bilancio?
Mia figlia torna ora da scuola e vuole sapere che cosa si mangia.
Spostiamo la scadenza a giovedi alle tre e mezza.
A Milano piove, mentre qui il sole splende da una settimana.
Quale idea ha scelto alla fine la commissione?
Nel corridoio si sente un rumore strano, chiudo la porta.
Pane fresco, burro, sei uova e un poco di formaggio bastano.
Il vecchio ponte sul fiume era chiuso per la pioggia.
Grazie mille a tutti, buona serata e a lunedi prossimo.`,
		"ca": `Bon dia a tothom i gracies per venir tan aviat.
Podria mostrar una altra vegada la segona pagina?
El tren anava amb retard i per aixo truco des de la cuina.
Al juny vam vendre nou mil quatre-cents dotze bitllets.
No crec que el blau vagi be, pero ho podem provar havent dinat.
Perdoni, que ha dit del pressupost?
La meva filla acaba de tornar de l'escola i vol saber que hi ha per sopar.
Canviem el termini a dijous a dos quarts de quatre.
A Girona plou, mentre que aqui fa sol tota la setmana.
Quina de les cinc propostes va triar finalment la comissio?
Al passadis hi ha un soroll estrany, ara tanco la porta.
Pa fresc, mantega, sis ous i una mica de formatge son prou.
El pont sobre el riu era tancat per la pluja.
Moltes gracies a tots, bona nit i fins dilluns vinent.`,
		"hi": `नमस्ते, आप सब का स्वागत है।
कृपया दूसरा पन्ना एक बार फिर दिखाइए।
रेलगाड़ी आज फिर देर से आई, इसलिए मैं घर से बोल रहा हूँ।
हमने इस महीने नौ हज़ार टिकट बेचे।
मुझे नहीं लगता कि नीला रंग ठीक रहेगा।
माफ़ कीजिए, आपने बजट के बारे में क्या कहा?
मेरी बेटी अभी स्कूल से आई है और खाना माँग रही है।
बैठक गुरुवार को साढ़े तीन बजे होगी।
दिल्ली में बारिश हो रही है, लेकिन यहाँ धूप है।
पाँच में से कौन सा प्रस्ताव चुना गया?
बाहर अजीब आवाज़ है, मैं दरवाज़ा बंद करता हूँ।
ताज़ी रोटी, मक्खन, छह अंडे और थोड़ा पनीर काफ़ी है।
नदी का पुराना पुल बारिश के कारण बंद था।
सब को बहुत धन्यवाद, अगले सोमवार को मिलेंगे।`,
		"mr": `नमस्कार, सर्वांचे स्वागत आहे।
कृपया दुसरे पान पुन्हा एकदा दाखवा।
गाडी आज पुन्हा उशिरा आली, म्हणून मी घरून बोलत आहे।
आम्ही या महिन्यात नऊ हजार तिकिटे विकली।
मला निळा रंग योग्य वाटत नाही।
माझी मुलगी आत्ताच शाळेतून आली आहे।
बैठक गुरुवारी साडेतीन वाजता होईल।
पुण्यात पाऊस पडत आहे, पण येथे ऊन आहे।
पाच पैकी कोणता प्रस्ताव निवडला गेला?
बाहेर विचित्र आवाज आहे, मी दार बंद करतो।
नदीवरील जुना पूल पावसामुळे बंद होता।
सर्वांचे खूप आभार, पुढच्या सोमवारी भेटू।`,
		"te": `నమస్కారం, అందరికీ స్వాగతం.
దయచేసి రెండవ పేజీ మళ్ళీ చూపించండి.
రైలు ఈ రోజు కూడా ఆలస్యంగా వచ్చింది.
మేము ఈ నెలలో తొమ్మిది వేల టికెట్లు అమ్మాము.
నాకు నీలం రంగు నచ్చలేదు.
మా అమ్మాయి ఇప్పుడే బడి నుండి వచ్చింది.
సమావేశం గురువారం మూడున్నర గంటలకు జరుగుతుంది.
హైదరాబాదులో వర్షం పడుతోంది, కానీ ఇక్కడ ఎండగా ఉంది.
బయట వింత శబ్దం వస్తోంది, నేను తలుపు మూస్తాను.
నది మీద పాత వంతెన వర్షం వలన మూసివేశారు.
అందరికీ చాలా ధన్యవాదాలు, సోమవారం కలుద్దాం.`,
	}
}
