package mp3

// Tables of ISO/IEC 11172-3 (MPEG-1) and 13818-3 (MPEG-2), and of MPEG 2.5, which is no
// standard but everywhere the same.

// codebooks are the Huffman codes of Table B.7. A code is written as its length ('a' is 0)
// and its symbol in hex digits: x and y, or the four bits v, w, x, y. They stand in the
// order of the tree's leaves, from 00… to 11…, so that the lengths give the codes.
var codebooks = [...]string{
	1: "" + // 4 codes
		"d11d01c10b00",
	2: "" + // 9 codes
		"g22g02f12f21f20d11d01d10b00",
	3: "" + // 9 codes
		"g22g02f12f21f20d10c11c01c00",
	5: "" + // 16 codes
		"i33i23h32g31h13h03h30h22g12g21g02g20d11d01d10b00",
	6: "" + // 16 codes
		"h33h03g23g32g30f13f31f22f02e12e21e20d01c11d10d00",
	7: "" + // 36 codes
		"k55k45k54k53j35j44j25j52i15i51j05j34i50j43j33i24i42h14h41h40i04i23i32i03h13h31h30h22g12f21g02g20" +
		"e11d01d10b00",
	8: "" + // 36 codes
		"l55l54k45j53k35k44j25j52j05i15i51j34j43j50j33i24i42i14h41i04i40i23i32i13i31i03i30g22g02g20e12e21" +
		"c11d01d10c00",
	9: "" + // 36 codes
		"j55j45i35i53j54j05i44i25i52i15h51h34h43i50i04h24h42h33h40g14g41g23g32f13f31g03g30f22f02e12e21e20" +
		"d11d01d10d00",
	10: "" + // 64 codes
		"l77l67l76l57l75l66k47k74k56k65k37k73k46l55l54k63j27j72k64k07j70j62k45k35j06k53k44i17i71j36j26k25" +
		"k52j15j51k34k43i16i61i60j05j50j24j42j33j04i14i41i40i23i32i03h13h31h30h22g12g21g02g20e11d01d10b00",
	11: "" + // 64 codes
		"k77k67k76k75k66k47k74l57l55k56k65j37j73j46k45k54k35k53i27i72j64j07h71i17i70i36i63i60j44j25j52j05" +
		"i15h62i26i06h16h61i51i34i50j43j33i24i42i14i41i04i40h23h32g13g31h03h30g22f21e12f02f20d11d01d10c00",
	12: "" + // 64 codes
		"k77k67j76j57j75j66j47j74j65i56i37j73j55i27i72i46i64i17i71j07j70i36i63i45i54i44j06j05h26h62h61i16" +
		"i60i35i53i25i52h15h51h34h43i50i04h24h42h14g33g41g23g32h40h03g30f13f31f22e12e21f02f20e00d11d01d10",
	13: "" + // 256 codes
		"tfetfcsfdredqffqefqdfqeeqcfqdeqbfqfbqceqdcrafre9pecpddqfaqcdpbepebp9fpf9peapbdpdbp8fpf8pccqaeq9e" +
		"p8eq7fq7eof7odapadpbcpcbpf6o6foe8o5fo9dod9of5oe7oacobbo4fof4pcape6of3n3fo8dod8n2fnf2o6eo9cn0foc9" +
		"o5enabo7dod7n4eoc8od6n3enb9o9boaam1fmf1mf0nbane5ne4n8cn6dne3me2n2en0em1eme1ne0n5dnd5n7cnc7n4dn8b" +
		"nb8nd4n9ana9n6cmc6m3dnd3n7bm2dmd2m1dmb7n5cnc5n99n7amc3na7n97m4bld1m0dmd0m8ama8m4cmc4m6bmb6l3cl2c" +
		"lc2l5bmb5m89l1clc1m98m0clc0mb4m6ama6m79l3blb3m88m5al2bma5m69la4m78m87l94m77m76kb2k1bkb1l0blb0l96" +
		"l4al3ala3l59l95k2aka2k1aka1l0al68ka0l86l49k93l39l58l85l67k29k92l57l75k38k83l66l47l74l56l65l73j19" +
		"j91k09k90k48k84k72l46l64j28j82j18k37k27j17j71k55k07k70k36k63k45k54k26k62k35i81j08j80j16j61j06j60" +
		"k53k44j25j52j05i15i51j34j43j50j24j42j33i14h41i04i40i23i32h13h31h03h30h22g12g21g02g20e11e01d10b00",
	15: "" + // 256 codes
		"nffnefnfendfmeenfdncfnfcndenednbfmfbncenecmddmafmfambemebmcdmdcm9fmf9meambdmdbm8fmf8mccm9eme9m7f" +
		"mf7madmdambcm6fnaen0flcblf6m8eme8m5fm9dlf5l7ele7laclcalbbmd9m8dl4flf4l3flf3ld8le6l2flf2m6emf0l1f" +
		"lf1l9clc9l5elablbale5l7dld7l4ele4l8clc8l3el6dld6le3l9blb9l2elaale2l1ele1m0eme0l5dld5l7clc7l4dl8b" +
		"kd4lb8l9ala9l6clc6l3dkd3kd2l2dl0dk1dk7bkb7kd1l5cld0kc5k8aka8k4ckc4k6bkb6l99l0ck3ckc3k7aka7ka6lc0" +
		"l0bjc2k2ck5bkb5k1ck89k98kc1k4bkb4k6ak3bk79jb3k97k88k2bk5ajb2ka5k1bjb1kb0k69k96k4aka4k78k87k3aja3" +
		"j59j95j2aja2j1aja1k0aka0j68j86j49j94j39j93k77k09j58j85j29j67j76j92i91j19j90j48j84j57j75j38j83j66" +
		"j47i28i82i18i81j74j08j80j56j65j37j73j46i27i72i64i17i55i71j07j70i36i63i45i54i26i62i16j06j60i35h61" +
		"i53i44h25h52h15h51i05i50h34h43h24h42h33g41h14h04g23g32h40h03g13g31g30f22f12f21f02f20d11e01e10d00",
	16: "" + // 256 codes
		"leflfeldflfdlcflfclbflfbkaflfal9flf9lf8k8fk7fkf7k6fkf6iffk5fkf5j4fjf4jf3jf0k3fqcerecrddpdepe9qea" +
		"qd9oeepedpebobeocdpdcpdboaeoccpadpdap7epacocapc9p7do5enbdif2j2fj0fi1fif1n9eobcocbo8eoe8o9doe7obb" +
		"o8dod8o6ene6n9coabobaoe5od7n4eoe4o8cnc8n3en6dod6o9bob9oaane1nd4ob8oa9n7bob7od0me3n0ene0n5dnd5n7c" +
		"nc7n4dn8bn9an6cnc6n3dn5cnc5m0dn8ana8n99n4cnb6n7am3cn5bn89m1cmc0n98n79le2m2em1emd3m2dmd2md1m3bn97" +
		"n88l1dmc4m6bmc3ma7l2cmc2mb5mc1m0cm4bmb4m6ama6lb3m5ama5l2blb2l1blb1m0bmb0m69m96m4ama4m78m87la3m3a" +
		"m59l2am95m68la1m86m77l94m49m57l67ka2k1al0ala0l39l93l58l85k29k92l76l09k19k91l90l48l84l75l38l83l66" +
		"l28k82l47l74k18k81k80l08l56k37k73l65l46k27k72l64l55k07j17j71k70k36k63k45k54k26j62j16j61k06k60j53" +
		"k35k44j25j52i51j15j05j34j43j50j24j42j33i14i41j04j40i23i32h13h31i03i30h22g12g21g02g20e11e01d10b00",
	24: "" + // 256 codes
		"iefifeidfifdicfifcibfifbhfaiafi9fhf9hf8i8fi7fhf7h6fhf6h5fhf5h4fhf4h3fhf3h2fhf2hf1i1fif0j0fleelde" +
		"ledlceleclddlbeleblcdldclaelealbdldblccl9ele9ladldalbclcbl8ele8l9dld9l7ele7lacefflcalbbl8dld8m0e" +
		"me0l0dke6l6el9ckc9k5ekbake5labl7dkd7ke4k8ckc8l4el2ek3ek6dkd6ke3k9bkb9kaake2k1eke1k5dkd5k7ckc7k4d" +
		"k8bkb8kd4k9aka9k6ckc6k3dkd3k2dkd2k1dk7bkb7kd1k5ckc5k8aka8k99k4ckc4k6bkb6ld0l0ck3ckc3k7aka7k2ckc2" +
		"k5bkb5k1ck89k98kc1k4blc0l0bk3blb0l0ak1ajb4k6aka6k79k97la0l09k90jb3j88k2bk5ajb2ka5k1bkb1k69j96ja4" +
		"k4ak78j87j3aja3j59j95j2aja2ja1j68j86j77j49j94j39j93j58j85j29j67j76j92j19j91j48j84j57j75j38j83j66" +
		"j28j82j18j47j74j81k08k80j56j65j17k07k70i73j37j27i72i46i64i55i71i36i63i45i54i26i62i16i61j06j60i35" +
		"i53i44i25i52i15j05j50h51i34i43h24h42h33h14h41i04i40h23h32g13g31h03h30g22f12f21g02g20e11e01e10e00",
	quadsA: "" + // 16 codes
		"g0bg0fg0dg0eg07g05f09f06f03f0af0ce02e01e04e08b00",
	quadsB: "" + // 16 codes
		"e0fe0ee0de0ce0be0ae09e08e07e06e05e04e03e02e01e00",
}

// The codebooks of the quadruples, behind the 32 of the pairs.
const (
	quadsA = 32 + iota
	quadsB
)

// pairBooks gives the codebook and the linbits of each table_select.
var pairBooks = [32]struct{ book, linbits int }{
	{0, 0}, {1, 0}, {2, 0}, {3, 0}, {0, 0}, {5, 0}, {6, 0}, {7, 0},
	{8, 0}, {9, 0}, {10, 0}, {11, 0}, {12, 0}, {13, 0}, {0, 0}, {15, 0},
	{16, 1}, {16, 2}, {16, 3}, {16, 4}, {16, 6}, {16, 8}, {16, 10}, {16, 13},
	{24, 4}, {24, 5}, {24, 6}, {24, 7}, {24, 8}, {24, 9}, {24, 11}, {24, 13},
}

// A bandTable holds where the scalefactor bands of a sampling rate begin (Table B.8).
type bandTable struct {
	long  [23]int
	short [14]int // of each of the three windows
}

// bandTables are those of 44.1, 48, 32 kHz; 22.05, 24, 16 kHz; 11.025, 12, 8 kHz.
var bandTables = [9]bandTable{
	{[23]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 52, 62, 74, 90, 110, 134, 162, 196, 238, 288, 342, 418, 576},
		[14]int{0, 4, 8, 12, 16, 22, 30, 40, 52, 66, 84, 106, 136, 192}},
	{[23]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 42, 50, 60, 72, 88, 106, 128, 156, 190, 230, 276, 330, 384, 576},
		[14]int{0, 4, 8, 12, 16, 22, 28, 38, 50, 64, 80, 100, 126, 192}},
	{[23]int{0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 54, 66, 82, 102, 126, 156, 194, 240, 296, 364, 448, 550, 576},
		[14]int{0, 4, 8, 12, 16, 22, 30, 42, 58, 78, 104, 138, 180, 192}},
	{lowLong, [14]int{0, 4, 8, 12, 18, 24, 32, 42, 56, 74, 100, 132, 174, 192}},
	{[23]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 114, 136, 162, 194, 232, 278, 332, 394, 464, 540, 576},
		[14]int{0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 136, 180, 192}},
	{lowLong, lowShort},
	{lowLong, lowShort},
	{lowLong, lowShort},
	{[23]int{0, 12, 24, 36, 48, 60, 72, 88, 108, 132, 160, 192, 232, 280, 336, 400, 476, 566, 568, 570, 572, 574, 576},
		[14]int{0, 8, 16, 24, 36, 52, 72, 96, 124, 160, 162, 164, 166, 192}},
}

var (
	lowLong  = [23]int{0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464, 522, 576}
	lowShort = [14]int{0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 134, 174, 192}
)

// pretab is added to the scalefactors of high bands where preflag says so (Table B.6).
var pretab = [22]int{11: 1, 1, 1, 1, 2, 2, 3, 3, 3, 2}

// scaleBits are the lengths slen1 and slen2 of each scalefac_compress of MPEG-1.
var scaleBits = [16][2]int{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {3, 0}, {1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}, {4, 2}, {4, 3}}

// lowScaleBands are the numbers of scalefactors of each of four lengths in MPEG-2, for long,
// short and mixed blocks (ISO/IEC 13818-3, 2.4.3.2); the last three rows are those of a
// right channel with intensity stereo.
var lowScaleBands = [6][3][4]int{
	{{6, 5, 5, 5}, {9, 9, 9, 9}, {6, 9, 9, 9}},
	{{6, 5, 7, 3}, {9, 9, 12, 6}, {6, 9, 12, 6}},
	{{11, 10, 0, 0}, {18, 18, 0, 0}, {15, 18, 0, 0}},
	{{7, 7, 7, 0}, {12, 12, 12, 0}, {6, 15, 12, 0}},
	{{6, 6, 6, 3}, {12, 9, 9, 6}, {6, 12, 9, 6}},
	{{8, 8, 5, 0}, {15, 12, 9, 0}, {6, 18, 9, 0}},
}

// halfWindow is the first half of the synthesis window D (Table B.3), times 65536. The
// other half is its mirror with the opposite sign, but for every 64th value.
var halfWindow = [257]int32{
	0, -1, -1, -1, -1, -1, -1, -2, -2, -2, -2, -3, -3, -4, -4, -5,
	-5, -6, -7, -7, -8, -9, -10, -11, -13, -14, -16, -17, -19, -21, -24, -26,
	-29, -31, -35, -38, -41, -45, -49, -53, -58, -63, -68, -73, -79, -85, -91, -97,
	-104, -111, -117, -125, -132, -139, -147, -154, -161, -169, -176, -183, -190, -196, -202, -208,
	213, 218, 222, 225, 227, 228, 228, 227, 224, 221, 215, 208, 200, 189, 177, 163,
	146, 127, 106, 83, 57, 29, -2, -36, -72, -111, -153, -197, -244, -294, -347, -401,
	-459, -519, -581, -645, -711, -779, -848, -919, -991, -1064, -1137, -1210, -1283, -1356, -1428, -1498,
	-1567, -1634, -1698, -1759, -1817, -1870, -1919, -1962, -2001, -2032, -2057, -2075, -2085, -2087, -2080, -2063,
	2037, 2000, 1952, 1893, 1822, 1739, 1644, 1535, 1414, 1280, 1131, 970, 794, 605, 402, 185,
	-45, -288, -545, -814, -1095, -1388, -1692, -2006, -2330, -2663, -3004, -3351, -3705, -4063, -4425, -4788,
	-5153, -5517, -5879, -6237, -6589, -6935, -7271, -7597, -7910, -8209, -8491, -8755, -8998, -9219, -9416, -9585,
	-9727, -9838, -9916, -9959, -9966, -9935, -9863, -9750, -9592, -9389, -9139, -8840, -8492, -8092, -7640, -7134,
	6574, 5959, 5288, 4561, 3776, 2935, 2037, 1082, 70, -998, -2122, -3300, -4533, -5818, -7154, -8540,
	-9975, -11455, -12980, -14548, -16155, -17799, -19478, -21189, -22929, -24694, -26482, -28289, -30112, -31947, -33791, -35640,
	-37489, -39336, -41176, -43006, -44821, -46617, -48390, -50137, -51853, -53534, -55178, -56778, -58333, -59838, -61289, -62684,
	-64019, -65290, -66494, -67629, -68692, -69679, -70590, -71420, -72169, -72835, -73415, -73908, -74313, -74630, -74856, -74992,
	75038,
}
