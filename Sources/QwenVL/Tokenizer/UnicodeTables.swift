// Made by Tests/Golden/qwen-text/make_unicode_tables.py from Hugging Face tokenizers 0.23.3. Do not edit.

/// The Unicode properties the reference cuts and normalises texts by. Numbers in base 36; the first number
/// of each row is the distance from that of the row before.
enum UnicodeTables {
  /// Runs of \p{L}: start, count.
  static let letters = """
    1t q w q 21 1 b 1 5 1 6 n o v w cq cu c q 5 c 1 2 1 3m 5 6 2 4 4 5 1 7 1 2 3 4 1 2 k l 2b 2c 3v 43
    4m 4n 12 14 1 7 15 34 r v 4 1d 17 26 2 3 2r 2s 1 g 2 9 2 c 3 5 1 h 1 2 u 1n 2h 2s 1 p x 16 2 6 1 6 m
    q 1 a 1 4 1 o p w b g o p 6 n 16 2s 1i 1l 1 j 1 8 a p g k 8 a 2 4 m n 7 8 1 4 4 7 1 h 1 e 2 3 3 h 2
    c 1 9 6 a 2 4 m n 7 8 2 3 2 3 2 x 4 5 1 k 3 j 9 a 3 4 m n 7 8 2 3 5 8 1 j 1 g 2 p 1 c 8 a 2 4 m n 7
    8 2 3 5 8 1 v 2 3 3 i 1 i 1 2 6 9 3 4 4 7 2 3 1 2 2 5 2 5 3 6 c y 1 1h 8 9 3 4 n o g j 1 r 3 5 1 3 2
    w 1 5 8 9 3 4 n o a b 5 8 1 w 2 3 2 h 2 j 9 a 3 4 15 17 1 h 1 6 3 b 3 r 6 b i l o p 9 a 1 3 7 1t 1c
    1d 2 e 7 1t 2 3 1 2 5 6 o p 1 2 a b 2 b 1 3 5 6 1 m 4 10 1 1s 8 9 10 1r 5 3c 17 1r 1 h 6 a 4 7 1 4 2
    9 3 7 d p 1 i 12 13 1 6 1 3 17 18 99 9a 4 6 7 8 1 2 4 6 15 16 4 6 x y 4 6 7 8 1 2 4 6 f g 1l 1m 4 6
    1v 2w g w 2e 2g 6 9 h8 ha h i q v 23 29 8 f i v j x i w d e 3 i 1g 2f 1 5 1 1w 2h 2o 5 7 y z 1 6 1y
    28 v 28 u w 5 g 18 1c q 28 n w 1h 3r 1 2m 1b 1s 8 1q u 17 2 c 18 1y 10 25 3 d 10 12 b g 17 19 3 18 4
    5 6 7 2 5 1 6 5c 74 7q 7s 6 8 12 14 6 8 8 9 1 2 1 2 1 2 v x 1h 1i 7 8 1 4 3 4 7 a 4 6 6 a d i 3 4 7
    3f 1 e 1 h d 36 1 5 1 3 a b 1 4 5 b 1 2 1 2 1 2 4 5 b d 4 9 5 9 1 1h 2 22l 6d 6j 4 7 2 e 12 13 1 6 1
    3 1k 1r 1 h n w 7 8 7 8 7 8 7 8 7 8 7 8 7 8 7 2f 1 d2 2 18 5 a 2 6 2e 2k 3 4 2i 2j 4 9 17 18 2m 33 w
    28 g eo 534 54w h3h h5c 1a 1c 7h 7k g q 2 m 1b 1r v x 1y 3b 9 b 2v 2x 1v 1x 2 3 1 2 8 t g h 3 4 4 5
    n 1g 1g 1u 1e 34 6 9 1 2 2 d s 12 n 1c t 10 1b 23 1 h 5 6 a k 5 6 15 1s 3 4 8 s n q 1 4 1e 1f 1 4 2
    4 5 7 1 2 1 p 3 5 b i 3 f 6 8 6 8 6 f 7 8 7 8 17 18 e k 37 40 8mc 8mo n r 1d 6k5 a6 a8 2y 40 7 j 5 a
    1 2 a b d e 5 6 1 2 2 3 2 3 30 3x a3 al 1s 1u 1i 2m c 3k 5 6 3r 4r q w q 11 2h 2k 6 8 6 8 6 8 3 12 c
    d q r j k 2 3 f h e 1c 3f e8 t w 1d 2o w 19 k l 8 e 12 1c u w 10 14 8 1k 4e 4w 10 14 10 14 14 1c 1g
    1s b c f g 7 8 2 3 b c f g 7 8 2 5 1g 1s 8n 8w m w 8 w 6 7 16 17 9 26 6 8 1 2 18 19 2 5 1 3 n x n w
    v 2o j k 2 c m w q 2o 1k 1q 2 1u 1 g 4 5 3 4 t 1z t w t 1s 8 9 s 1j 1i 1s m w j w i 3k 21 3k 1f 1s
    1f 1s 10 22 s 11 n 7l 16 1c 2 i 3 1q t 13 1 9 m 1s i 1s l 1c n z 1h 32 2 4 1 e 19 25 p 1f 10 1t 1 3
    1 9 z 12 1 d 1c 1q 4 p 1 2 1 10 i j p 18 2 1t 7 8 1 2 4 5 f g a h 1b 2d 8 a 2 4 m n 7 8 2 3 5 8 1 j
    1 d 5 z a b 1 3 1 2 12 13 1 q 1 2 1 19 1h 1z 4 o 3 x 1c 1w 2 3 1 55 1b 2g 4 14 1c 1w 1 1o 17 1k 1 20
    r 1s 7 5c 18 4g 1s 2n 8 a 1 3 8 9 2 3 o 13 1 2 1 2n 8 a 13 1j 1 2 1 t 1 b 14 1b 1 m 1 c 1a 1t 1 j 21
    7k x 1s 9 a 11 1i 1 1e u 3y 7 8 2 3 12 1n 1 q 6 7 2 3 w 1a 1 94 j y 1 2 d e y 4e 1 28 pm w0 5g 26o
    2p 34 ts u9 6 v 32z 334 g7 5q8 u 1ds ft g0 v 1c 27 2o u 1c 1c 1s 4 z l q j cj 19 74 1s 5c 23 28 1 1v
    d 25 2 3 1 t 4qg 4qo ye zj a 6wh 4 5 7 8 2 3 83 8i 1 u 3 5 1 f 4 c b0 234 2z 34 d g 9 g a 4mo 2d 2e
    1z 20 2 4 1 3 2 4 4 5 c d 1 2 7 8 1t 1u 4 6 8 9 7 8 s t 4 5 5 6 1 4 7 8 9g 9i p q p q v w p q v w p
    q v w p q v w p q 8 1fg v 11 6 7f 1q 5s 19 1j 7 n 1 8y u 1c 18 eo s 74 u w 1 ds 7 8 4 5 2 3 f g 5h
    74 1w 23 1 xh 4 5 r s 2 3 1 3 1 2 a b 4 5 1 2 1 7 1 5 1 2 1 2 1 2 3 4 2 3 1 3 1 2 1 2 1 2 1 2 1 2 2
    3 1 3 4 5 7 8 4 5 4 5 1 2 a b h m 3 4 5 6 h 3f9 wyo wzk 37e 37k 66 68 4g2 4gg 5rl 5s0 ha 2ds f2 1kw
    3t7 3tc 38g
    """

  /// Runs of \p{N}: start, count.
  static let numbers = """
    1c a 3m 2 7 1 3 3 144 a 40 a 5s a bq a 3k a e 6 36 a 3k a 3k a c 6 38 d 3k a i 7 32 a 36 7 e j 3k a
    2y a 3k a 28 k 80 a 28 a k9 k p1 3 6q a g a w a 8m a 3u b 4w a g a 5c a 2o a 40 a g a tc 1 4 6 c a
    5s 1f 1h 5 kb 1o 3u m i4 u 13b 1 lm 1 q 9 n 3 9m 4 3y a 14 8 9 f 1b a 1d f msv a 5i a 96 6 4g a 1c a
    5s a w a 2o a bk a gf4 a dz 19 1l 1l 22 2 9j r 1r 4 x 1 9 1 3r 5 5r a qg 8 x 7 1a 9 2c 5 r 6 4m 2 4
    g i 1a 32 9 1p 2 w 3 26 5 31 8 w 8 1d 7 9d 6 1i a g a 80 v 59 a 1g 4 38 7 3x u 4e a 1y a 4a a h k 7j
    a 9s a 3k a ao a 34 a g k 2o c c0 j 34 a io a 2o t 74 a 28 a c0 a 34 l u8 33 c34 a 1tc a 2o a 40 a b
    7 et a 7k n ink a 15c k w k 3k p vi 1e 1v6 a c0 a e8 a 75 a k6 9 3t a m9 1n 1o 3 4 4 28 19 1a f r5 d
    25s a
    """

  /// Runs of \s: start, count.
  static let spaces = """
    9 5 n 1 2t 1 r 1 4bk 1 1vk b 14 2 7 1 1c 1 335 1
    """

  /// Runs of marks of one canonical combining class: start, count, class.
  static let combiningClasses = """
    lc l 6e l 1 6g 1 4 64 4 1 6g 1 1 60 1 5 64 5 2 5m 2 4 64 4 2 5m 2 b 64 b 5 1 5 4 64 4 3 6e 5 1 6e 3
    1 6o 1 1 6e 1 3 64 3 3 6e 3 2 64 3 3 6e 3 4 64 4 1 6e 1 1 6g 1 2 64 2 1 6e 1 1 6h 1 2 6i 2 1 6h 1 2
    6i 2 1 6h 1 d 6e 80 5 6e 7i 1 64 1 4 6e 4 1 64 1 3 6e 3 1 66 1 1 64 1 6 6e 6 6 64 6 2 6e 2 1 64 1 2
    6e 2 1 66 1 1 6c 1 1 6e 1 1 a 1 1 b 1 1 c 1 1 d 1 1 e 1 1 f 1 1 g 1 1 h 1 1 i 1 2 j 2 1 k 1 1 l 1 1
    m 2 1 n 2 1 o 1 1 p 2 1 6e 1 1 64 2 1 i 21 8 6e 8 1 u 1 1 v 1 1 w 1d 1 r 1 1 s 1 1 t 1 1 u 1 1 v 1 1
    w 1 1 x 1 1 y 1 2 6e 2 2 64 2 5 6e 5 1 64 1 2 6e 2 1 64 h 1 z 2u 7 6e 9 4 6e 4 1 64 1 1 6e 3 2 6e 3
    1 64 1 2 6e 2 1 64 10 1 10 v 1 6e 1 1 64 1 2 6e 2 1 64 1 2 6e 2 3 64 3 1 6e 1 2 64 2 1 6e 1 1 64 1 3
    6e 3 1 64 1 1 6e 1 1 64 1 1 6e 1 1 64 1 1 6e 1 1 64 1 2 6e 4i 7 6e 7 1 64 1 1 6e z 4 6e 5 9 6e a 3
    6e 4 5 6e 1c 3 64 3f e 6e f 1 64 1 2 6e 2 1 64 1 2 6e 2 1 64 1 3 6e 3 3 64 3 1 r 1 1 s 1 1 t 1 3 6e
    3 1 64 1 2 6e 2 2 64 2 5 6e 1t 1 7 h 1 9 4 1 6e 1 1 64 1 2 6e 2x 1 7 h 1 9 33 1 7 h 1 9 33 1 7 h 1 9
    33 1 7 h 1 9 3k 1 9 3k 1 9 8 1 2c 1 1 2j 2u 1 7 h 1 9 3k 1 9 3h 1 9 32 2 2v 2 1 9 e 4 2z 34 2 3a g 4
    3e 28 2 64 t 1 64 2 1 64 2 1 60 1k 1 3l 1 1 3m 2 1 3o 6 4 3m 6 1 3m 2 2 6e 2 1 9 2 2 6e 1s 1 64 35 1
    7 2 2 9 2c 1 64 k0 3 6e qf 1 9 w 1 9 4e 1 9 b 1 6e 5o 1 6c 40 1 66 1 1 6e 1 1 64 64 1 6e 1 1 64 20 1
    9 l 8 6e a 1 64 1d 5 6e 5 6 64 6 2 6e 2 1 64 3b 1 7 g 1 9 13 1 6e 1 1 64 1 7 6e 1p 2 9 1o 1 7 c 2 9
    1x 1 7 49 3 6e 4 1 1 1 5 64 5 2 6e 2 4 64 4 1 6e 2 7 1 b 1 64 7 1 6e 4 2 6e 5k 2 6e 2 1 64 1 7 6e 7
    1 64 1 2 6e 2 1 6i 1 1 5y 1 1 64 1 1 5m 1 11 6e 16 1 6e 1 1 6h 1 1 64 1 1 6e 1 1 64 k1 2 6e 2 2 1 2
    4 6e 4 3 1 3 2 6e 6 1 6e 4 2 1 2 1 6e 1 1 64 1 1 6e 1 2 1 2 4 64 4 1 6e 2db 3 6e 40 1 9 2p w 6e ga 1
    62 1 1 6c 1 1 6g 1 1 66 1 2 68 2z 2 8 n9y 1 6e 5 a 6e 16 2 6e 2a 2 6e 7q 1 9 5a 1 9 s i 6e 23 3 64
    14 1 9 2o 1 7 d 1 9 6o 1 6e 2 2 6e 2 1 64 3 2 6e 7 2 6e 3 1 6e 1h 1 9 6v 1 9 fn5 1 q le 7 6e 7 7 64
    7 2 6e r3 1 64 6b 1 64 46 5 6e 1av 1 64 2 1 6e 15 1 6e 1 1 1 1 1 64 5 1 9 4m 1 6e 1 1 64 128 1 9 1l
    1 9 1m 1 9 1 1 7 1y 3 6e 1f 2 9 1s 1 7 25 1 9 a 1 7 2z 1 9 1 1 7 4z 1 7 1 1 9 2a 1 7 h 1 9 p 7 6e a
    5 6e 5u 1 9 4 1 7 3g 1 9 1 1 7 70 1 9 1 1 7 3j 1 9 3b 1 9 1 1 7 38 1 9 104 1 9 fjl 5 1 1s 7 6e g32 1
    1 43r 2 60 2 3 1 6 1 6a 1 5 60 d 8 64 a 5 6e 5 2 64 w 4 6e 48 3 6e 2pq 7 6e 8 h 6e j 7 6e 8 2 6e 3 5
    6e 1pm 7 64 38 6 6e 6 1 7
    """

  /// Full canonical decompositions except of Hangul: character, length, characters.
  static let decompositions = """
    5c 2 1t lc 1 2 1t ld 1 2 1t le 1 2 1t lf 1 2 1t lk 1 2 1t lm 2 2 1v mf 1 2 1x lc 1 2 1x ld 1 2 1x le
    1 2 1x lk 1 2 21 lc 1 2 21 ld 1 2 21 le 1 2 21 lk 2 2 26 lf 1 2 27 lc 1 2 27 ld 1 2 27 le 1 2 27 lf
    1 2 27 lk 3 2 2d lc 1 2 2d ld 1 2 2d le 1 2 2d lk 1 2 2h ld 3 2 2p lc 1 2 2p ld 1 2 2p le 1 2 2p lf
    1 2 2p lk 1 2 2p lm 2 2 2r mf 1 2 2t lc 1 2 2t ld 1 2 2t le 1 2 2t lk 1 2 2x lc 1 2 2x ld 1 2 2x le
    1 2 2x lk 2 2 32 lf 1 2 33 lc 1 2 33 ld 1 2 33 le 1 2 33 lf 1 2 33 lk 3 2 39 lc 1 2 39 ld 1 2 39 le
    1 2 39 lk 1 2 3d ld 2 2 3d lk 1 2 1t lg 1 2 2p lg 1 2 1t li 1 2 2p li 1 2 1t mg 1 2 2p mg 1 2 1v ld
    1 2 2r ld 1 2 1v le 1 2 2r le 1 2 1v lj 1 2 2r lj 1 2 1v lo 1 2 2r lo 1 2 1w lo 1 2 2s lo 3 2 1x lg
    1 2 2t lg 1 2 1x li 1 2 2t li 1 2 1x lj 1 2 2t lj 1 2 1x mg 1 2 2t mg 1 2 1x lo 1 2 2t lo 1 2 1z le
    1 2 2v le 1 2 1z li 1 2 2v li 1 2 1z lj 1 2 2v lj 1 2 1z mf 1 2 2v mf 1 2 20 le 1 2 2w le 3 2 21 lf
    1 2 2x lf 1 2 21 lg 1 2 2x lg 1 2 21 li 1 2 2x li 1 2 21 mg 1 2 2x mg 1 2 21 lj 4 2 22 le 1 2 2y le
    1 2 23 mf 1 2 2z mf 2 2 24 ld 1 2 30 ld 1 2 24 mf 1 2 30 mf 1 2 24 lo 1 2 30 lo 5 2 26 ld 1 2 32 ld
    1 2 26 mf 1 2 32 mf 1 2 26 lo 1 2 32 lo 4 2 27 lg 1 2 33 lg 1 2 27 li 1 2 33 li 1 2 27 ln 1 2 33 ln
    3 2 2a ld 1 2 36 ld 1 2 2a mf 1 2 36 mf 1 2 2a lo 1 2 36 lo 1 2 2b ld 1 2 37 ld 1 2 2b le 1 2 37 le
    1 2 2b mf 1 2 37 mf 1 2 2b lo 1 2 37 lo 1 2 2c mf 1 2 38 mf 1 2 2c lo 1 2 38 lo 3 2 2d lf 1 2 39 lf
    1 2 2d lg 1 2 39 lg 1 2 2d li 1 2 39 li 1 2 2d lm 1 2 39 lm 1 2 2d ln 1 2 39 ln 1 2 2d mg 1 2 39 mg
    1 2 2f le 1 2 3b le 1 2 2h le 1 2 3d le 1 2 2h lk 1 2 2i ld 1 2 3e ld 1 2 2i lj 1 2 3e lj 1 2 2i lo
    1 2 3e lo y 2 27 m3 1 2 33 m3 e 2 2d m3 1 2 39 m3 t 2 1t lo 1 2 2p lo 1 2 21 lo 1 2 2x lo 1 2 27 lo
    1 2 33 lo 1 2 2d lo 1 2 39 lo 1 3 2d lk lg 1 3 39 lk lg 1 3 2d lk ld 1 3 39 lk ld 1 3 2d lk lo 1 3
    39 lk lo 1 3 2d lk lc 1 3 39 lk lc 2 3 1t lk lg 1 3 2p lk lg 1 3 1t lj lg 1 3 2p lj lg 1 2 5i lg 1 2
    6e lg 3 2 1z lo 1 2 2v lo 1 2 23 lo 1 2 2z lo 1 2 27 mg 1 2 33 mg 1 3 27 mg lg 1 3 33 mg lg 1 2 c7
    lo 1 2 ia lo 1 2 2y lo 4 2 1z ld 1 2 2v ld 3 2 26 lc 1 2 32 lc 1 3 1t lm ld 1 3 2p lm ld 1 2 5i ld 1
    2 6e ld 1 2 60 ld 1 2 6w ld 1 2 1t lr 1 2 2p lr 1 2 1t lt 1 2 2p lt 1 2 1x lr 1 2 2t lr 1 2 1x lt 1
    2 2t lt 1 2 21 lr 1 2 2x lr 1 2 21 lt 1 2 2x lt 1 2 27 lr 1 2 33 lr 1 2 27 lt 1 2 33 lt 1 2 2a lr 1
    2 36 lr 1 2 2a lt 1 2 36 lt 1 2 2d lr 1 2 39 lr 1 2 2d lt 1 2 39 lt 1 2 2b me 1 2 37 me 1 2 2c me 1
    2 38 me 3 2 20 lo 1 2 2w lo 7 2 1t lj 1 2 2p lj 1 2 1x mf 1 2 2t mf 1 3 27 lk lg 1 3 33 lk lg 1 3 27
    lf lg 1 3 33 lf lg 1 2 27 lj 1 2 33 lj 1 3 27 lj lg 1 3 33 lj lg 1 2 2h lg 1 2 3d lg 7h 1 lc 1 1 ld
    2 1 lv 1 2 lk ld 1c 1 jd a 1 1n 7 2 4o ld 1 2 pd ld 1 1 53 1 2 ph ld 1 2 pj ld 1 2 pl ld 2 2 pr ld 2
    2 px ld 1 2 q1 ld 1 3 qh lk ld q 2 pl lk 1 2 px lk 1 2 q9 ld 1 2 qd ld 1 2 qf ld 1 2 qh ld 1 3 qt lk
    ld q 2 qh lk 1 2 qt lk 1 2 qn ld 1 2 qt ld 1 2 qx ld 5 2 r6 ld 1 2 r6 lk 18 2 t1 lc 1 2 t1 lk 2 2 sz
    ld 4 2 sm lk 5 2 t6 ld 1 2 t4 lc 1 2 tf li b 2 t4 li w 2 u0 li n 2 tx lc 1 2 tx lk 2 2 tv ld 4 2 uu
    lk 5 2 u2 ld 1 2 u0 lc 1 2 ub li o 2 vo lr 1 2 vp lr 22 2 t2 li 1 2 ty li e 2 sw li 1 2 ts li 1 2 sw
    lk 1 2 ts lk 3 2 t1 li 1 2 tx li 3 2 yg lk 1 2 yh lk 1 2 t2 lk 1 2 ty lk 1 2 t3 lk 1 2 tz lk 3 2 t4
    lg 1 2 u0 lg 1 2 t4 lk 1 2 u0 lk 1 2 ta lk 1 2 u6 lk 3 2 yw lk 1 2 yx lk 1 2 tp lk 1 2 ul lk 1 2 tf
    lg 1 2 ub lg 1 2 tf lk 1 2 ub lk 1 2 tf ln 1 2 ub ln 1 2 tj lk 1 2 uf lk 3 2 tn lk 1 2 uj lk 89 2
    17r 18z 1 2 17r 190 1 2 18o 190 1 2 17r 191 1 2 18q 190 4a 2 1cl 190 2 2 1c1 190 h 2 1ci 190 gm 2
    1t4 1to 8 2 1tc 1to 3 2 1tf 1to 10 2 1sl 1to 1 2 1sm 1to 1 2 1sn 1to 1 2 1ss 1to 1 2 1sx 1to 1 2 1sy
    1to 1 2 1t7 1to 1 2 1tb 1to 30 2 1xj 1xa 1 2 1xj 1xz g 2 1wh 1x8 1 2 1wi 1x8 2 2 1wv 1x8 2c 2 20i
    20s 3 2 20o 20s z 2 1zq 20s 1 2 1zr 20s 1 2 1zw 20s 3 2 20b 20s 6i 2 287 28m 3 2 287 27y 1 2 287 28n
    g 2 275 27w 1 2 276 27w 1j 2 2aa 2c7 1i 2 2bq 2bi 1 2 2br 2bi 1 2 2bq 2c7 3g 2 2fa 2fq 3c 2 2in 2j9
    7 2 2iu 2j9 1 2 2iu 2ja 2 2 2iu 2iq 1 3 2iu 2iq 2j9 3j 2 2me 2m6 1 2 2mf 2m6 1 2 2me 2mv 3y 2 2qh
    2q2 2 2 2qh 2q7 1 3 2qh 2q7 2q2 1 2 2qh 2qn 9x 2 30i 33r a 2 30s 33r 5 2 30x 33r 5 2 312 33r 5 2 317
    33r d 2 30g 33p a 2 31t 31u 2 2 31t 31w 1 2 33m 328 2 2 33n 328 9 2 31t 328 i 2 32q 33r a 2 330 33r
    5 2 335 33r 5 2 33a 33r 5 2 33f 33r d 2 32o 33p 31 2 36t 372 25c 2 5c5 5dh 2 2 5c7 5dh 2 2 5c9 5dh 2
    2 5cb 5dh 2 2 5cd 5dh 4 2 5ch 5dh 15 2 5dm 5dh 2 2 5do 5dh 3 2 5dq 5dh 1 2 5dr 5dh 2 2 5du 5dh jh 2
    1t md 1 2 2p md 1 2 1u lj 1 2 2q lj 1 2 1u mb 1 2 2q mb 1 2 1u mp 1 2 2q mp 1 3 1v mf ld 1 3 2r mf
    ld 1 2 1w lj 1 2 2s lj 1 2 1w mb 1 2 2s mb 1 2 1w mp 1 2 2s mp 1 2 1w mf 1 2 2s mf 1 2 1w ml 1 2 2s
    ml 1 3 1x lg lc 1 3 2t lg lc 1 3 1x lg ld 1 3 2t lg ld 1 2 1x ml 1 2 2t ml 1 2 1x mo 1 2 2t mo 1 3
    1x mf li 1 3 2t mf li 1 2 1y lj 1 2 2u lj 1 2 1z lg 1 2 2v lg 1 2 20 lj 1 2 2w lj 1 2 20 mb 1 2 2w
    mb 1 2 20 lk 1 2 2w lk 1 2 20 mf 1 2 2w mf 1 2 20 mm 1 2 2w mm 1 2 21 mo 1 2 2x mo 1 3 21 lk ld 1 3
    2x lk ld 1 2 23 ld 1 2 2z ld 1 2 23 mb 1 2 2z mb 1 2 23 mp 1 2 2z mp 1 2 24 mb 1 2 30 mb 1 3 24 mb
    lg 1 3 30 mb lg 1 2 24 mp 1 2 30 mp 1 2 24 ml 1 2 30 ml 1 2 25 ld 1 2 31 ld 1 2 25 lj 1 2 31 lj 1 2
    25 mb 1 2 31 mb 1 2 26 lj 1 2 32 lj 1 2 26 mb 1 2 32 mb 1 2 26 mp 1 2 32 mp 1 2 26 ml 1 2 32 ml 1 3
    27 lf ld 1 3 33 lf ld 1 3 27 lf lk 1 3 33 lf lk 1 3 27 lg lc 1 3 33 lg lc 1 3 27 lg ld 1 3 33 lg ld
    1 2 28 ld 1 2 34 ld 1 2 28 lj 1 2 34 lj 1 2 2a lj 1 2 36 lj 1 2 2a mb 1 2 36 mb 1 3 2a mb lg 1 3 36
    mb lg 1 2 2a mp 1 2 36 mp 1 2 2b lj 1 2 37 lj 1 2 2b mb 1 2 37 mb 1 3 2b ld lj 1 3 37 ld lj 1 3 2b
    lo lj 1 3 37 lo lj 1 3 2b mb lj 1 3 37 mb lj 1 2 2c lj 1 2 38 lj 1 2 2c mb 1 2 38 mb 1 2 2c mp 1 2
    38 mp 1 2 2c ml 1 2 38 ml 1 2 2d mc 1 2 39 mc 1 2 2d mo 1 2 39 mo 1 2 2d ml 1 2 39 ml 1 3 2d lf ld 1
    3 39 lf ld 1 3 2d lg lk 1 3 39 lg lk 1 2 2e lf 1 2 3a lf 1 2 2e mb 1 2 3a mb 1 2 2f lc 1 2 3b lc 1 2
    2f ld 1 2 3b ld 1 2 2f lk 1 2 3b lk 1 2 2f lj 1 2 3b lj 1 2 2f mb 1 2 3b mb 1 2 2g lj 1 2 3c lj 1 2
    2g lk 1 2 3c lk 1 2 2h lj 1 2 3d lj 1 2 2i le 1 2 3e le 1 2 2i mb 1 2 3e mb 1 2 2i mp 1 2 3e mp 1 2
    2w mp 1 2 38 lk 1 2 3b lm 1 2 3d lm 2 2 an lj 5 2 1t mb 1 2 2p mb 1 2 1t ll 1 2 2p ll 1 3 1t le ld 1
    3 2p le ld 1 3 1t le lc 1 3 2p le lc 1 3 1t le ll 1 3 2p le ll 1 3 1t le lf 1 3 2p le lf 1 3 1t mb
    le 1 3 2p mb le 1 3 1t li ld 1 3 2p li ld 1 3 1t li lc 1 3 2p li lc 1 3 1t li ll 1 3 2p li ll 1 3 1t
    li lf 1 3 2p li lf 1 3 1t mb li 1 3 2p mb li 1 2 1x mb 1 2 2t mb 1 2 1x ll 1 2 2t ll 1 2 1x lf 1 2
    2t lf 1 3 1x le ld 1 3 2t le ld 1 3 1x le lc 1 3 2t le lc 1 3 1x le ll 1 3 2t le ll 1 3 1x le lf 1 3
    2t le lf 1 3 1x mb le 1 3 2t mb le 1 2 21 ll 1 2 2x ll 1 2 21 mb 1 2 2x mb 1 2 27 mb 1 2 33 mb 1 2
    27 ll 1 2 33 ll 1 3 27 le ld 1 3 33 le ld 1 3 27 le lc 1 3 33 le lc 1 3 27 le ll 1 3 33 le ll 1 3 27
    le lf 1 3 33 le lf 1 3 27 mb le 1 3 33 mb le 1 3 27 m3 ld 1 3 33 m3 ld 1 3 27 m3 lc 1 3 33 m3 lc 1 3
    27 m3 ll 1 3 33 m3 ll 1 3 27 m3 lf 1 3 33 m3 lf 1 3 27 m3 mb 1 3 33 m3 mb 1 2 2d mb 1 2 39 mb 1 2 2d
    ll 1 2 39 ll 1 3 2d m3 ld 1 3 39 m3 ld 1 3 2d m3 lc 1 3 39 m3 lc 1 3 2d m3 ll 1 3 39 m3 ll 1 3 2d m3
    lf 1 3 39 m3 lf 1 3 2d m3 mb 1 3 39 m3 mb 1 2 2h lc 1 2 3d lc 1 2 2h mb 1 2 3d mb 1 2 2h ll 1 2 3d
    ll 1 2 2h lf 1 2 3d lf 7 2 q9 lv 1 2 q9 lw 1 3 q9 lv lc 1 3 q9 lw lc 1 3 q9 lv ld 1 3 q9 lw ld 1 3
    q9 lv n6 1 3 q9 lw n6 1 2 pd lv 1 2 pd lw 1 3 pd lv lc 1 3 pd lw lc 1 3 pd lv ld 1 3 pd lw ld 1 3 pd
    lv n6 1 3 pd lw n6 1 2 qd lv 1 2 qd lw 1 3 qd lv lc 1 3 qd lw lc 1 3 qd lv ld 1 3 qd lw ld 3 2 ph lv
    1 2 ph lw 1 3 ph lv lc 1 3 ph lw lc 1 3 ph lv ld 1 3 ph lw ld 3 2 qf lv 1 2 qf lw 1 3 qf lv lc 1 3
    qf lw lc 1 3 qf lv ld 1 3 qf lw ld 1 3 qf lv n6 1 3 qf lw n6 1 2 pj lv 1 2 pj lw 1 3 pj lv lc 1 3 pj
    lw lc 1 3 pj lv ld 1 3 pj lw ld 1 3 pj lv n6 1 3 pj lw n6 1 2 qh lv 1 2 qh lw 1 3 qh lv lc 1 3 qh lw
    lc 1 3 qh lv ld 1 3 qh lw ld 1 3 qh lv n6 1 3 qh lw n6 1 2 pl lv 1 2 pl lw 1 3 pl lv lc 1 3 pl lw lc
    1 3 pl lv ld 1 3 pl lw ld 1 3 pl lv n6 1 3 pl lw n6 1 2 qn lv 1 2 qn lw 1 3 qn lv lc 1 3 qn lw lc 1
    3 qn lv ld 1 3 qn lw ld 3 2 pr lv 1 2 pr lw 1 3 pr lv lc 1 3 pr lw lc 1 3 pr lv ld 1 3 pr lw ld 3 2
    qt lv 1 2 qt lw 1 3 qt lv lc 1 3 qt lw lc 1 3 qt lv ld 1 3 qt lw ld 1 3 qt lv n6 1 3 qt lw n6 2 2 px
    lw 2 3 px lw lc 2 3 px lw ld 2 3 px lw n6 1 2 qx lv 1 2 qx lw 1 3 qx lv lc 1 3 qx lw lc 1 3 qx lv ld
    1 3 qx lw ld 1 3 qx lv n6 1 3 qx lw n6 1 2 q1 lv 1 2 q1 lw 1 3 q1 lv lc 1 3 q1 lw lc 1 3 q1 lv ld 1
    3 q1 lw ld 1 3 q1 lv n6 1 3 q1 lw n6 1 2 q9 lc 1 2 q9 ld 1 2 qd lc 1 2 qd ld 1 2 qf lc 1 2 qf ld 1 2
    qh lc 1 2 qh ld 1 2 qn lc 1 2 qn ld 1 2 qt lc 1 2 qt ld 1 2 qx lc 1 2 qx ld 3 3 q9 lv n9 1 3 q9 lw
    n9 1 4 q9 lv lc n9 1 4 q9 lw lc n9 1 4 q9 lv ld n9 1 4 q9 lw ld n9 1 4 q9 lv n6 n9 1 4 q9 lw n6 n9 1
    3 pd lv n9 1 3 pd lw n9 1 4 pd lv lc n9 1 4 pd lw lc n9 1 4 pd lv ld n9 1 4 pd lw ld n9 1 4 pd lv n6
    n9 1 4 pd lw n6 n9 1 3 qf lv n9 1 3 qf lw n9 1 4 qf lv lc n9 1 4 qf lw lc n9 1 4 qf lv ld n9 1 4 qf
    lw ld n9 1 4 qf lv n6 n9 1 4 qf lw n6 n9 1 3 pj lv n9 1 3 pj lw n9 1 4 pj lv lc n9 1 4 pj lw lc n9 1
    4 pj lv ld n9 1 4 pj lw ld n9 1 4 pj lv n6 n9 1 4 pj lw n6 n9 1 3 qx lv n9 1 3 qx lw n9 1 4 qx lv lc
    n9 1 4 qx lw lc n9 1 4 qx lv ld n9 1 4 qx lw ld n9 1 4 qx lv n6 n9 1 4 qx lw n6 n9 1 3 q1 lv n9 1 3
    q1 lw n9 1 4 q1 lv lc n9 1 4 q1 lw lc n9 1 4 q1 lv ld n9 1 4 q1 lw ld n9 1 4 q1 lv n6 n9 1 4 q1 lw
    n6 n9 1 2 q9 li 1 2 q9 lg 1 3 q9 lc n9 1 2 q9 n9 1 3 q9 ld n9 2 2 q9 n6 1 3 q9 n6 n9 1 2 pd li 1 2
    pd lg 1 2 pd lc 1 2 pd ld 1 2 pd n9 2 1 qh 3 2 4o n6 1 3 qf lc n9 1 2 qf n9 1 3 qf ld n9 2 2 qf n6 1
    3 qf n6 n9 1 2 ph lc 1 2 ph ld 1 2 pj lc 1 2 pj ld 1 2 pj n9 1 2 69r lc 1 2 69r ld 1 2 69r n6 1 2 qh
    li 1 2 qh lg 1 3 qh lk lc 1 3 qh lk ld 3 2 qh n6 1 3 qh lk n6 1 2 pl li 1 2 pl lg 1 2 pl lc 1 2 pl
    ld 2 2 6bi lc 1 2 6bi ld 1 2 6bi n6 1 2 qt li 1 2 qt lg 1 3 qt lk lc 1 3 qt lk ld 1 2 qp lv 1 2 qp
    lw 1 2 qt n6 1 3 qt lk n6 1 2 px li 1 2 px lg 1 2 px lc 1 2 px ld 1 2 pt lw 1 2 4o lc 1 2 4o ld 1 1
    2o 3 3 qx lc n9 1 2 qx n9 1 3 qx ld n9 2 2 qx n6 1 3 qx n6 n9 1 2 pr lc 1 2 pr ld 1 2 q1 lc 1 2 q1
    ld 1 2 q1 n9 1 1 50 3 1 6bm 1 1 6bn 85 1 q1 4 1 23 1 2 1t lm 33 2 6mo mw 1 2 6mq mw j 2 6ms mw v 2
    6og mw 1 2 6ok mw 1 2 6oi mw 1h 2 6pv mw 5 2 6q0 mw 3 2 6q3 mw o 2 6qr mw 2 2 6qt mw r 2 6rg mw 3 2
    6rn mw 3 2 6rp mw 2 2 6rs mw n 2 1p mw 2 2 6sh mw b 2 6rx mw 1 2 1o mw 1 2 1q mw 1 2 6sk mw 1 2 6sl
    mw 3 2 6sy mw 1 2 6sz mw 3 2 6t2 mw 1 2 6t3 mw 7 2 6t6 mw 1 2 6t7 mw 3 2 6te mw 1 2 6tf mw 3 2 6ti
    mw 1 2 6tj mw z 2 6ua mw 1 2 6ug mw 1 2 6uh mw 1 2 6uj mw 1d 2 6t8 mw 1 2 6t9 mw 1 2 6tt mw 1 2 6tu
    mw 7 2 6uq mw 1 2 6ur mw 1 2 6us mw 1 2 6ut mw 1o 1 9hk 1 1 9hl 1iq 2 8gt mw 12o 2 9jf 9ll 2 2 9jh
    9ll 2 2 9jj 9ll 2 2 9jl 9ll 2 2 9jn 9ll 2 2 9jp 9ll 2 2 9jr 9ll 2 2 9jt 9ll 2 2 9jv 9ll 2 2 9jx 9ll
    2 2 9jz 9ll 2 2 9k1 9ll 3 2 9k4 9ll 2 2 9k6 9ll 2 2 9k8 9ll 7 2 9kf 9ll 1 2 9kf 9lm 2 2 9ki 9ll 1 2
    9ki 9lm 2 2 9kl 9ll 1 2 9kl 9lm 2 2 9ko 9ll 1 2 9ko 9lm 2 2 9kr 9ll 1 2 9kr 9lm n 2 9ja 9ll a 2 9lp
    9ll e 2 9m3 9ll 2 2 9m5 9ll 2 2 9m7 9ll 2 2 9m9 9ll 2 2 9mb 9ll 2 2 9md 9ll 2 2 9mf 9ll 2 2 9mh 9ll
    2 2 9mj 9ll 2 2 9ml 9ll 2 2 9mn 9ll 2 2 9mp 9ll 3 2 9ms 9ll 2 2 9mu 9ll 2 2 9mw 9ll 7 2 9n3 9ll 1 2
    9n3 9lm 2 2 9n6 9ll 1 2 9n6 9lm 2 2 9n9 9ll 1 2 9n9 9lm 2 2 9nc 9ll 1 2 9nc 9lm 2 2 9nf 9ll 1 2 9nf
    9lm n 2 9ly 9ll 3 2 9nz 9ll 1 2 9o0 9ll 1 2 9o1 9ll 1 2 9o2 9ll 4 2 9od 9ll 13ia 1 rpk 1 1 kc4 1 1
    s7e 1 1 rt4 1 1 lw1 1 1 fg2 1 1 gkl 1 1 vj0 1 1 vj0 1 1 hn5 1 1 ssx 1 1 gw7 1 1 hmw 1 1 jcm 1 1 ne1
    1 1 p6t 1 1 qin 1 1 qt6 1 1 r20 1 1 sjz 1 1 kxu 1 1 ljv 1 1 mah 1 1 mvy 1 1 q4d 1 1 sq2 1 1 uep 1 1
    fia 1 1 ghh 1 1 l50 1 1 mjf 1 1 qi5 1 1 v8e 1 1 ifk 1 1 m3v 1 1 qfh 1 1 r50 1 1 jih 1 1 pnc 1 1 qvz
    1 1 iq2 1 1 kd3 1 1 lm2 1 1 mpo 1 1 slq 1 1 fpi 1 1 g53 1 1 gda 1 1 jwk 1 1 l3n 1 1 mj4 1 1 nhj 1 1
    pa9 1 1 qh2 1 1 qjg 1 1 s1b 1 1 tv6 1 1 upb 1 1 v7e 1 1 nt8 1 1 nzz 1 1 otc 1 1 q15 1 1 t1g 1 1 vb3
    1 1 rfa 1 1 hjz 1 1 iro 1 1 okg 1 1 pdq 1 1 mle 1 1 nuy 1 1 rsy 1 1 ttj 1 1 hjs 1 1 i8y 1 1 kyb 1 1
    lp6 1 1 lxr 1 1 oq7 1 1 oxj 1 1 tor 1 1 gcy 1 1 pe3 1 1 g64 1 1 g5o 1 1 o4c 1 1 ou6 1 1 q29 1 1 tpx
    1 1 rk0 1 1 jin 1 1 kxu 1 1 rge 1 1 fg9 1 1 i5j 1 1 iz6 1 1 mtj 1 1 n74 1 1 gev 1 1 nwb 1 1 fr3 1 1
    iw9 1 1 ff1 1 1 lho 1 1 k1k 1 1 opu 1 1 gjn 1 1 hge 1 1 ni9 1 1 q4p 1 1 re2 1 1 la2 1 1 sds 1 1 lfs
    1 1 jjy 1 1 put 1 1 jog 1 1 n6t 1 1 fji 1 1 g2x 1 1 g5l 1 1 kn5 1 1 oo7 1 1 prj 1 1 rf6 1 1 ssv 1 1
    gdx 1 1 gn6 1 1 ho3 1 1 ir0 1 1 k3p 1 1 m4e 1 1 nxm 1 1 tkd 1 1 ui2 1 1 vbr 1 1 vda 1 1 gbf 1 1 kau
    1 1 l87 1 1 sbm 1 1 ino 1 1 j9s 1 1 jcw 1 1 jve 1 1 lyb 1 1 mdl 1 1 n0p 1 1 o22 1 1 ovo 1 1 pdb 1 1
    s9y 1 1 q9a 1 1 sgz 1 1 t3e 1 1 g7r 1 1 gbn 1 1 gql 1 1 ma0 1 1 r0i 1 1 re2 1 1 iq1 1 1 iyd 1 1 jnf
    1 1 l9q 1 1 oji 1 1 mt1 1 1 fl0 1 1 h6h 1 1 i5j 1 1 iii 1 1 izg 1 1 muq 1 1 mzt 1 1 p7e 1 1 pc6 1 1
    svo 1 1 tti 1 1 tvs 1 1 u1k 1 1 fpn 1 1 o1a 1 1 ss4 1 1 trs 1 1 j4x 1 1 fie 1 1 fyy 1 1 i5q 1 1 i7z
    1 1 k2h 1 1 kxu 1 1 mha 1 1 ncy 1 1 q9o 1 1 sjg 1 1 vil 1 1 k94 1 1 tny 1 1 gax 1 1 kfv 1 1 kj7 1 1
    lkx 1 1 luk 1 1 mx5 1 1 n6h 1 1 nsb 1 1 opc 1 1 u3i 1 1 g31 1 1 je6 1 1 tq0 1 1 fu3 1 1 ie1 1 1 lpm
    1 1 sa2 1 1 ivf 1 1 j7o 1 1 kk7 1 1 mtj 1 1 tqe 1 1 g89 1 1 glr 1 1 i91 1 1 k5v 1 1 kem 1 1 ko8 1 1
    lid 1 1 mx2 1 1 naa 1 1 p6h 1 1 r0v 1 1 r1d 1 1 sss 1 1 tsy 1 1 gfz 1 1 lve 1 1 gm5 1 1 mhc 1 1 n14
    1 1 qgq 1 1 tr7 1 1 uvr 1 1 vbz 1 1 kgn 1 1 lor 1 1 pns 1 1 o97 1 1 obk 1 1 olu 1 1 mo0 1 1 m8p 1 1
    riw 1 1 fk0 1 1 px2 1 1 g8q 1 1 g7b 1 1 ip2 1 1 jir 1 1 onq 1 1 i2t 1 1 ljy 1 1 kac 1 1 saj 1 1 qx8
    1 1 tot 1 1 r63 1 1 iqb 1 1 g1s 1 1 gxs 3 1 hga 2 1 k8k 3 1 g66 1 1 mqy 1 1 ngq 1 1 ny4 1 1 nz2 1 1
    nz9 1 1 o0f 1 1 tw6 1 1 on2 1 1 p8d 2 1 qhe 2 1 rg8 3 1 shk 1 1 sn1 4 1 u7j 1 1 u7w 1 1 u94 1 1 v5g
    1 1 sm6 1 1 trr 1 1 fqm 1 1 fzb 1 1 g25 1 1 gcp 1 1 gdg 1 1 ggh 1 1 gwt 1 1 gzq 1 1 h2g 1 1 hfk 1 1
    hig 1 1 i90 1 1 i9a 1 1 j2s 1 1 j8o 1 1 j9q 1 1 jci 1 1 k0f 1 1 k4i 1 1 k9d 1 1 kn9 1 1 lmf 1 1 lqy
    1 1 lya 1 1 mem 1 1 mjv 1 1 mxu 1 1 ntd 1 1 ny6 1 1 nyh 1 1 nyg 1 1 nyo 1 1 nyu 1 1 nz1 1 1 o0d 1 1
    o0e 1 1 o5c 1 1 o75 1 1 og0 1 1 ovo 1 1 ow9 1 1 oxt 1 1 p6a 1 1 pad 1 1 pnx 1 1 prt 1 1 prt 1 1 q53
    1 1 r2o 1 1 r6e 1 1 rgh 1 1 ri1 1 1 rtf 1 1 ruw 1 1 sdy 1 1 shk 1 1 tsz 1 1 u0v 1 1 u2j 1 1 j1x 1 1
    36cu 1 1 pp4 3 1 ffq 1 1 g51 1 1 g2w 1 1 fpc 1 1 g1x 1 1 g3k 1 1 gcn 1 1 ge2 1 1 gwt 1 1 gut 1 1 gwp
    1 1 gyq 1 1 hga 1 1 hir 1 1 hms 1 1 hn8 1 1 huq 1 1 i08 1 1 iqa 1 1 iqh 1 1 iuh 1 1 iwd 1 1 j4o 1 1
    j7y 1 1 j60 1 1 j9q 1 1 j8g 1 1 jci 1 1 jec 1 1 jpg 1 1 jrw 1 1 jte 1 1 k0m 1 1 k8k 1 1 kd3 1 1 kd7
    1 1 keu 1 1 l89 1 1 la2 1 1 lkx 1 1 lwb 1 1 lvv 1 1 lya 1 1 m5a 1 1 mem 1 1 nmv 1 1 mk5 1 1 mnj 1 1
    mqy 1 1 n01 1 1 n46 1 1 n5n 1 1 nbx 1 1 nbz 1 1 ngq 1 1 nh7 1 1 nhw 1 1 nka 1 1 nk0 1 1 nv0 1 1 o8h
    1 1 og0 1 1 ol7 1 1 orf 1 1 ovo 1 1 p4u 1 1 pad 1 1 pxu 1 1 q27 1 1 qrd 1 1 r41 1 1 r5y 1 1 r6e 1 1
    ren 1 1 rg8 1 1 rez 1 1 rgh 1 1 rge 1 1 rfx 1 1 ri1 1 1 rka 1 1 ruw 1 1 sag 1 1 sj6 1 1 srd 1 1 sxi
    1 1 tq4 1 1 tsz 1 1 tw6 1 1 tzv 1 1 u0v 1 1 u17 1 1 u2j 1 1 umq 1 1 vj0 1 1 313e 1 1 3138 1 1 33dh 1
    1 brx 1 1 cns 1 1 cop 1 1 39e1 1 1 3bgw 1 1 3i6r 1 1 vgj 1 1 vim 1w 2 15l 14k 2 2 16a 14n b 2 161
    14x 1 2 161 14y 1 3 161 14s 14x 1 3 161 14s 14y 1 2 15c 14n 1 2 15c 14o 1 2 15c 14s 1 2 15d 14s 1 2
    15e 14s 1 2 15f 14s 1 2 15g 14s 1 2 15h 14s 1 2 15i 14s 2 2 15k 14s 1 2 15l 14s 1 2 15m 14s 1 2 15n
    14s 1 2 15o 14s 2 2 15q 14s 2 2 15s 14s 1 2 15t 14s 2 2 15v 14s 1 2 15w 14s 2 2 15y 14s 1 2 15z 14s
    1 2 160 14s 1 2 161 14s 1 2 162 14s 1 2 15h 14p 1 2 15d 14v 1 2 15n 14v 1 2 15w 14v 47g 2 1huh 1hve
    2 2 1huj 1hve f 2 1hut 1hve 3n 2 1hyp 1hyf 1 2 1hyq 1hyf f0 2 1idj 1ida 1 2 1idj 1idz a7 2 1int 1inu
    1 2 1int 1ink 2 2 1int 1inx 70 2 1iuw 1iun 1 2 1iux 1iun 112b 2 2jx3 2jxh 1 2 2jx4 2jxh 1 3 2jx4
    2jxh 2jxq 1 3 2jx4 2jxh 2jxr 1 3 2jx4 2jxh 2jxs 1 3 2jx4 2jxh 2jxt 1 3 2jx4 2jxh 2jxu 2f 2 2jzt 2jxh
    1 2 2jzu 2jxh 1 3 2jzt 2jxh 2jxq 1 3 2jzu 2jxh 2jxq 1 3 2jzt 2jxh 2jxr 1 3 2jzu 2jxh 2jxr 1m4g 1 fgd
    1 1 fg8 1 1 fgh 1 1 2tcy 1 1 fog 1 1 fqm 1 1 fqz 1 1 fsy 1 1 fwa 1 1 fx5 1 1 fzb 1 1 fyn 1 1 ae6 1 1
    2ud6 1 1 g25 1 1 g2c 1 1 g2s 1 1 g3b 1 1 2u58 1 1 aex 1 1 g2v 1 1 g3x 1 1 2u6j 1 1 g47 1 1 g4k 1 1
    fkc 1 1 g4s 1 1 g51 1 1 3ly7 1 1 g6t 1 1 g77 1 1 afz 1 1 g8r 1 1 g92 1 1 gaa 1 1 gaf 1 1 ahh 1 1 gcn
    1 1 gcp 1 1 gdg 1 1 ge2 1 1 ged 1 1 gee 1 1 gev 1 1 gg9 1 1 ggh 1 1 ggq 1 1 ghf 1 1 ghp 1 1 ghr 1 1
    ghr 1 1 ghr 1 1 2v58 1 1 m7k 1 1 gju 1 1 gkf 1 1 2vdv 1 1 gkr 1 1 gkx 1 1 gli 1 1 gpq 1 1 gmw 1 1
    gnc 1 1 go8 1 1 gpu 1 1 gs6 1 1 gsw 1 1 gur 1 1 gv7 1 1 gw4 1 1 gw4 1 1 gwp 1 1 gx7 1 1 gxf 1 1 gxu
    1 1 h7a 1 1 gzq 1 1 h7b 1 1 h1t 1 1 h2s 1 1 g7b 1 1 hke 1 1 hce 1 1 hdg 1 1 he5 1 1 haj 1 1 hf6 1 1
    hf5 1 1 hik 1 1 2x9g 1 1 hki 1 1 hkn 1 1 hl2 1 1 hlm 1 1 hlu 1 1 hnm 1 1 2xm0 1 1 2xnu 1 1 hrg 1 1
    hsr 1 1 ht3 1 1 hqw 1 1 huu 1 1 aum 1 1 av0 1 1 hzc 1 1 i0u 1 1 i0u 1 1 2y88 1 1 i4j 1 1 i54 1 1 i5j
    1 1 i5v 1 1 2yhk 1 1 i67 1 1 i6e 1 1 itv 1 1 i76 1 1 ayp 1 1 i8w 1 1 i9a 1 1 ibk 1 1 ia5 1 1 2z1g 1
    1 if7 1 1 2z1i 1 1 ige 1 1 igb 1 1 igs 1 1 ijl 1 1 ijm 1 1 b3j 1 1 ikd 1 1 ilk 1 1 im5 1 1 ind 1 1
    b4y 1 1 2zr7 1 1 b5o 1 1 ipc 1 1 ipf 1 1 ipi 1 1 iq2 1 1 3pg2 1 1 iri 1 1 3035 1 1 3035 1 1 poh 1 1
    isi 1 1 isi 1 1 b7r 1 1 335k 1 1 3cgq 1 1 iua 1 1 iuj 1 1 b8j 1 1 ivu 1 1 ix9 1 1 ixj 1 1 iyh 1 1
    j29 1 1 bay 1 1 ba4 1 1 j2s 1 1 30t0 1 1 j47 1 1 j7s 1 1 j7w 1 1 j7y 1 1 j7w 1 1 j96 1 1 j9q 1 1 jaq
    1 1 jac 1 1 jan 1 1 jby 1 1 jci 1 1 jcm 1 1 jdc 1 1 jdn 1 1 jfh 1 1 jht 1 1 jis 1 1 jm8 1 1 31n0 1 1
    jlp 1 1 jjw 1 1 jmw 1 1 jnn 1 1 jqc 1 1 31td 1 1 js2 1 1 jph 1 1 jop 1 1 bhq 1 1 ju1 1 1 jum 1 1 jvh
    1 1 juf 1 1 bjg 1 1 k0f 1 1 k18 1 1 32mi 1 1 k4j 1 1 kc8 1 1 k7d 1 1 bo9 1 1 k9d 1 1 bns 1 1 bms 1 1
    g42 1 1 g45 1 1 kcg 1 1 k9o 1 1 pf1 1 1 deh 1 1 kd3 1 1 kd7 1 1 kdd 1 1 kf2 1 1 ker 1 1 33cz 1 1 bpl
    1 1 kje 1 1 kg5 1 1 klu 1 1 kn9 1 1 33hp 1 1 kni 1 1 kkf 1 1 kr8 1 1 brx 1 1 ksi 1 1 kv7 1 1 kx6 1 1
    l2g 1 1 33xf 1 1 l3v 1 1 bvc 1 1 l5t 1 1 34br 1 1 l78 1 1 bwu 1 1 l82 1 1 l9b 1 1 la2 1 1 la3 1 1
    34p9 1 1 2yvf 1 1 34sa 1 1 le6 1 1 354s 1 1 lhb 1 1 lhp 1 1 lev 1 1 ljq 1 1 lku 1 1 lmf 1 1 lkx 1 1
    lm1 1 1 lmg 1 1 lmt 1 1 357i 1 1 lkk 1 1 lrj 1 1 lta 1 1 c37 1 1 lvv 1 1 lvr 1 1 35jl 1 1 lq1 1 1
    m0e 1 1 35ni 1 1 35ou 1 1 m2u 1 1 m61 1 1 m5a 1 1 m57 1 1 c5y 1 1 m6i 1 1 m7x 1 1 m7r 1 1 m99 1 1
    2u5h 1 1 mdh 1 1 368z 1 1 mfw 1 1 36i3 1 1 mjs 1 1 mk5 1 1 mkw 1 1 36yw 1 1 mm8 1 1 mmt 1 1 3779 1 1
    37dg 1 1 mt6 1 1 mtn 1 1 cdo 1 1 mud 1 1 ce0 1 1 ce0 1 1 myv 1 1 mzg 1 1 n01 1 1 n0l 1 1 n2i 1 1 cgr
    1 1 n50 1 1 386u 1 1 n5q 1 1 389e 1 1 n74 1 1 2zrz 1 1 nbk 1 1 38v5 1 1 38vs 1 1 38zo 1 1 cn0 1 1
    cnc 1 1 nhw 1 1 394j 1 1 394i 1 1 395l 1 1 396b 1 1 nj2 1 1 nj3 1 1 nj3 1 1 nka 1 1 cop 1 1 nm3 1 1
    cp2 1 1 cra 1 1 39r1 1 1 nri 1 1 nt8 1 1 nv0 1 1 ctf 1 1 3a5i 1 1 nyu 1 1 3a8q 1 1 3a9x 1 1 o0f 1 1
    o2z 1 1 cvj 1 1 o5c 1 1 o5m 1 1 o5r 1 1 3at8 1 1 3b1j 1 1 3b1j 1 1 oa6 1 1 d1e 1 1 3b8r 1 1 og6 1 1
    og9 1 1 d2f 1 1 3beo 1 1 onm 1 1 d5s 1 1 oo8 1 1 oo3 1 1 oow 1 1 3c06 1 1 orn 1 1 d8h 1 1 ouf 1 1
    ow2 1 1 oxx 1 1 d9w 1 1 3ciw 1 1 3cjr 1 1 dax 1 1 3cnt 1 1 p6i 1 1 3cqm 1 1 p79 1 1 pa2 1 1 pad 1 1
    3d22 1 1 3d43 1 1 pcw 1 1 3d7s 1 1 pdc 1 1 33a7 1 1 ded 1 1 pf6 1 1 phf 1 1 dfv 1 1 pj2 1 1 hx1 1 1
    3dlz 1 1 3dmd 1 1 33bn 1 1 33bw 1 1 poh 1 1 pok 1 1 sda 1 1 dij 1 1 psh 1 1 psb 1 1 pst 1 1 gc3 1 1
    ptd 1 1 ptf 1 1 ptp 1 1 puu 1 1 3ebg 1 1 put 1 1 pwd 1 1 pyb 1 1 q0d 1 1 pwj 1 1 q0t 1 1 q1z 1 1 q53
    1 1 pxv 1 1 q16 1 1 q18 1 1 q1o 1 1 3eie 1 1 3eqz 1 1 3emt 1 1 dnv 1 1 q9d 1 1 q9f 1 1 qae 1 1 3g0a
    1 1 qck 1 1 3f3g 1 1 dp9 1 1 dpd 1 1 3f75 1 1 3ff6 1 1 dpn 1 1 qj4 1 1 qjg 1 1 qjr 1 1 qjt 1 1 qll 1
    1 qko 1 1 qoe 1 1 qn6 1 1 qrd 1 1 qp4 1 1 qqz 1 1 qrq 1 1 dsn 1 1 qu9 1 1 qv5 1 1 dtl 1 1 qxs 1 1
    qxv 1 1 3giv 1 1 r13 1 1 r1a 1 1 dv9 1 1 r22 1 1 aez 1 1 3gz2 1 1 3h46 1 1 dz2 1 1 dzb 1 1 rds 1 1
    rfx 1 1 rka 1 1 rpx 1 1 3hrc 1 1 rsb 1 1 rsx 1 1 rvf 1 1 rxz 1 1 3i9b 1 1 2upw 1 1 s0b 1 1 rzw 1 1
    s1c 1 1 2uvy 1 1 s7o 1 1 sag 1 1 3jki 1 1 3jl9 1 1 sk4 1 1 smp 1 1 snl 1 1 3ju6 1 1 snv 1 1 svs 1 1
    t07 1 1 t08 1 1 sxo 1 1 t89 1 1 t91 1 1 3ksa 1 1 tjf 1 1 ej9 1 1 tkn 1 1 3l2v 1 1 eli 1 1 ts3 1 1
    iia 1 1 tur 1 1 3ltx 1 1 3lzu 1 1 epa 1 1 epi 1 1 u00 1 1 3mdm 1 1 er6 1 1 3mhi 1 1 u17 1 1 u17 1 1
    u21 1 1 3mpi 1 1 u76 1 1 eur 1 1 u95 1 1 ucn 1 1 ude 1 1 uf2 1 1 ez2 1 1 3nsg 1 1 umq 1 1 uv4 1 1
    v0d 1 1 f66 1 1 f71 1 1 v3b 1 1 3owe 1 1 f7c 1 1 3oxx 1 1 3p5a 1 1 3p8x 1 1 vcr 1 1 f9y 1 1 veh 1 1
    vem 1 1 vet 1 1 vf3 1 1 vfa 1 1 vgb 1 1 3pxc
    """

  /// Primary composites except of Hangul: first, second, composite.
  static let compositions = """
    1o mw 6su 1 mw 6sg 1 mw 6sv 3 lc 5c 0 ld 5d 0 le 5e 0 lf 5f 0 lg 74 0 li 76 0 lj fa 0 lk 5g 0 ll 61u
    0 lm 5h 0 lo ct 0 lr e8 0 lt ea 0 mb 61s 0 md 5xc 0 mg 78 1 lj 5xe 0 mb 5xg 0 mp 5xi 1 ld 7a 0 le 7c
    0 lj 7e 0 lo 7g 0 mf 5j 1 lj 5xm 0 lo 7i 0 mb 5xo 0 mf 5xs 0 ml 5xu 0 mp 5xq 1 lc 5k 0 ld 5l 0 le 5m
    0 lf 62k 0 lg 7m 0 li 7o 0 lj 7q 0 lk 5n 0 ll 62i 0 lo 7u 0 lr ec 0 lt ee 0 mb 62g 0 mf fc 0 mg 7s 0
    ml 5y0 0 mo 5y2 1 lj 5y6 1 ld dw 0 le 7w 0 lg 5y8 0 li 7y 0 lj 80 0 lo di 0 mf 82 1 le 84 0 lj 5ya 0
    lk 5ye 0 lo f2 0 mb 5yc 0 mf 5yg 0 mm 5yi 1 lc 5o 0 ld 5p 0 le 5q 0 lf 88 0 lg 8a 0 li 8c 0 lj 8g 0
    lk 5r 0 ll 62w 0 lo cv 0 lr eg 0 lt ei 0 mb 62y 0 mg 8e 0 mo 5yk 1 le 8k 1 ld 5yo 0 lo dk 0 mb 5yq 0
    mf 8m 0 mp 5ys 1 ld 8p 0 lo 8t 0 mb 5yu 0 mf 8r 0 ml 5z0 0 mp 5yy 1 ld 5z2 0 lj 5z4 0 mb 5z6 1 lc e0
    0 ld 8z 0 lf 5t 0 lj 5z8 0 lo 93 0 mb 5za 0 mf 91 0 ml 5ze 0 mp 5zc 1 lc 5u 0 ld 5v 0 le 5w 0 lf 5x
    0 lg 98 0 li 9a 0 lj fi 0 lk 5y 0 ll 632 0 ln 9c 0 lo cx 0 lr ek 0 lt em 0 m3 bk 0 mb 630 0 mg dm 1
    ld 5zo 0 lj 5zq 2 ld 9g 0 lj 5zs 0 lo 9k 0 lr eo 0 lt eq 0 mb 5zu 0 mf 9i 0 mp 5zy 1 ld 9m 0 le 9o 0
    lj 600 0 lo 9s 0 mb 602 0 me ew 0 mf 9q 1 lj 60a 0 lo 9w 0 mb 60c 0 me ey 0 mf 9u 0 ml 60g 0 mp 60e
    1 lc 61 0 ld 62 0 le 63 0 lf a0 0 lg a2 0 li a4 0 lk 64 0 ll 63q 0 lm a6 0 ln a8 0 lo cz 0 lr es 0
    lt eu 0 m3 bz 0 mb 63o 0 mc 60i 0 mg aa 0 ml 60m 0 mo 60k 1 lf 60s 0 mb 60u 1 lc 60w 0 ld 60y 0 le
    ac 0 lj 612 0 lk 610 0 mb 614 1 lj 616 0 lk 618 1 lc 642 0 ld 65 0 le ae 0 lf 648 0 lg fm 0 lj 61a 0
    lk ag 0 ll 646 0 mb 644 1 ld ah 0 le 61c 0 lj aj 0 lo al 0 mb 61e 0 mp 61g 7 lc 68 0 ld 69 0 le 6a 0
    lf 6b 0 lg 75 0 li 77 0 lj fb 0 lk 6c 0 ll 61v 0 lm 6d 0 lo cu 0 lr e9 0 lt eb 0 mb 61t 0 md 5xd 0
    mg 79 1 lj 5xf 0 mb 5xh 0 mp 5xj 1 ld 7b 0 le 7d 0 lj 7f 0 lo 7h 0 mf 6f 1 lj 5xn 0 lo 7j 0 mb 5xp 0
    mf 5xt 0 ml 5xv 0 mp 5xr 1 lc 6g 0 ld 6h 0 le 6i 0 lf 62l 0 lg 7n 0 li 7p 0 lj 7r 0 lk 6j 0 ll 62j 0
    lo 7v 0 lr ed 0 lt ef 0 mb 62h 0 mf fd 0 mg 7t 0 ml 5y1 0 mo 5y3 1 lj 5y7 1 ld dx 0 le 7x 0 lg 5y9 0
    li 7z 0 lj 81 0 lo dj 0 mf 83 1 le 85 0 lj 5yb 0 lk 5yf 0 lo f3 0 mb 5yd 0 mf 5yh 0 mm 5yj 0 mp 61i
    1 lc 6k 0 ld 6l 0 le 6m 0 lf 89 0 lg 8b 0 li 8d 0 lk 6n 0 ll 62x 0 lo cw 0 lr eh 0 lt ej 0 mb 62z 0
    mg 8f 0 mo 5yl 1 le 8l 0 lo ds 1 ld 5yp 0 lo dl 0 mb 5yr 0 mf 8n 0 mp 5yt 1 ld 8q 0 lo 8u 0 mb 5yv 0
    mf 8s 0 ml 5z1 0 mp 5yz 1 ld 5z3 0 lj 5z5 0 mb 5z7 1 lc e1 0 ld 90 0 lf 6p 0 lj 5z9 0 lo 94 0 mb 5zb
    0 mf 92 0 ml 5zf 0 mp 5zd 1 lc 6q 0 ld 6r 0 le 6s 0 lf 6t 0 lg 99 0 li 9b 0 lj fj 0 lk 6u 0 ll 633 0
    ln 9d 0 lo cy 0 lr el 0 lt en 0 m3 bl 0 mb 631 0 mg dn 1 ld 5zp 0 lj 5zr 2 ld 9h 0 lj 5zt 0 lo 9l 0
    lr ep 0 lt er 0 mb 5zv 0 mf 9j 0 mp 5zz 1 ld 9n 0 le 9p 0 lj 601 0 lo 9t 0 mb 603 0 me ex 0 mf 9r 1
    lj 60b 0 lk 61j 0 lo 9x 0 mb 60d 0 me ez 0 mf 9v 0 ml 60h 0 mp 60f 1 lc 6x 0 ld 6y 0 le 6z 0 lf a1 0
    lg a3 0 li a5 0 lk 70 0 ll 63r 0 lm a7 0 ln a9 0 lo d0 0 lr et 0 lt ev 0 m3 c0 0 mb 63p 0 mc 60j 0
    mg ab 0 ml 60n 0 mo 60l 1 lf 60t 0 mb 60v 1 lc 60x 0 ld 60z 0 le ad 0 lj 613 0 lk 611 0 lm 61k 0 mb
    615 1 lj 617 0 lk 619 1 lc 643 0 ld 71 0 le af 0 lf 649 0 lg fn 0 lj 61b 0 lk 73 0 ll 647 0 lm 61l 0
    mb 645 1 ld ai 0 le 61d 0 lj ak 0 lo am 0 mb 61f 0 mp 61h 1a lc 6b1 0 ld p1 0 n6 69t q lc 61y 0 ld
    61w 0 lf 622 0 ll 620 2 lg da 1 ld e2 1 ld e4 0 lg de 1 ld 5xk 3 lc 62o 0 ld 62m 0 lf 62s 0 ll 62q 5
    ld 5ym 5 lc 636 0 ld 634 0 lf 63a 0 ll 638 1 ld 5zg 0 lg fg 0 lk 5zi 1 lg fe 2 ld e6 4 lc d7 0 ld d3
    0 lg d1 0 lo d5 6 lc 61z 0 ld 61x 0 lf 623 0 ll 621 2 lg db 1 ld e3 1 ld e5 0 lg df 1 ld 5xl 3 lc
    62p 0 ld 62n 0 lf 62t 0 ll 62r 5 ld 5yn 5 lc 637 0 ld 635 0 lf 63b 0 ll 639 1 ld 5zh 0 lg fh 0 lk
    5zj 1 lg ff 2 ld e7 4 lc d8 0 ld d4 0 lg d2 0 lo d6 6 lc 628 0 ld 626 0 lf 62c 0 ll 62a 1 lc 629 0
    ld 627 0 lf 62d 0 ll 62b f lc 5xw 0 ld 5xy 1 lc 5xx 0 ld 5xz 1l lc 5zk 0 ld 5zm 1 lc 5zl 0 ld 5zn d
    lj 604 1 lj 605 5 lj 606 1 lj 607 7 ld 60o 1 ld 60p 1 lk 60q 1 lk 60r k lj 61n x lc 63g 0 ld 63e 0
    lf 63k 0 ll 63i 0 mb 63m 1 lc 63h 0 ld 63f 0 lf 63l 0 ll 63j 0 mb 63n e lc 63u 0 ld 63s 0 lf 63y 0
    ll 63w 0 mb 640 1 lc 63v 0 ld 63t 0 lf 63z 0 ll 63x 0 mb 641 7 lo dq 1f lg do 1 lg dp 1n lg dc 1 lg
    dd 1 li 5y4 1 li 5y5 5 lg fk 1 lg fl 2r lo dr 73 lc 69m 0 ld p2 0 lg 69l 0 li 69k 0 lv 64o 0 lw 64p
    0 n9 69o 4 lc 6a0 0 ld p4 0 lv 654 0 lw 655 2 lc 6a2 0 ld p5 0 lv 65k 0 lw 65l 0 n9 6a4 2 lc 6ai 0
    ld p6 0 lg 6ah 0 li 6ag 0 lk q2 0 lv 660 0 lw 661 6 lc 6bc 0 ld p8 0 lv 66g 0 lw 66h 2 lw 6b0 4 lc
    6ay 0 ld pa 0 lg 6ax 0 li 6aw 0 lk q3 0 lw 66x 4 lc 6be 0 ld pb 0 lv 67c 0 lw 67d 0 n9 6bg 3 n9 69g
    2 n9 69w 3 lc 67k 0 ld q4 0 lg 69d 0 li 69c 0 lv 64g 0 lw 64h 0 n6 69i 0 n9 69f 4 lc 67m 0 ld q5 0
    lv 64w 0 lw 64x 2 lc 67o 0 ld q6 0 lv 65c 0 lw 65d 0 n6 69y 0 n9 69v 2 lc 67q 0 ld q7 0 lg 6a9 0 li
    6a8 0 lk qy 0 lv 65s 0 lw 65t 0 n6 6ae 6 lc 67s 0 ld r0 0 lv 668 0 lw 669 2 lv 6as 0 lw 6at 4 lc 67u
    0 ld r1 0 lg 6ap 0 li 6ao 0 lk qz 0 lv 66o 0 lw 66p 0 n6 6au 4 lc 67w 0 ld r2 0 lv 674 0 lw 675 0 n6
    6ba 0 n9 6b7 1 lc 6aa 0 ld pc 0 n6 6af 1 lc 6aq 0 ld q8 0 n6 6av 3 n9 6b8 4 ld r7 0 lk r8 1g lk sn a
    li y8 0 lk ya 3 ld sj 2 lc sg 0 li ye 0 lk sh 1 li xt 0 lk yk 1 lk ym 1 lc st 0 lg yq 0 li t5 0 lk
    ys 2 ld ss 4 lk yu 5 lg z2 0 li su 0 lk z4 0 ln z6 4 lk z8 4 lk zc 2 lk z0 3 li y9 0 lk yb 3 ld ur 2
    lc uo 0 li yf 0 lk up 1 li xu 0 lk yl 1 lk yn 1 lc v1 0 lg yr 0 li u1 0 lk yt 2 ld v0 4 lk yv 5 lg
    z3 0 li v2 0 lk z5 0 ln z7 4 lk z9 4 lk zd 2 lk z1 9 lk uv u lr vq 1 lr vr 2r lk yi 1 lk yj f lk yy
    1 lk yz 8u 18z 17m 0 190 17n 0 191 17p x 190 17o 2 190 17q 3b 190 1c2 h 190 1cj 3 190 1c0 gj 1to 1t5
    8 1to 1td 3 1to 1tg 44 1xa 1xn 0 1xz 1xo ao 27y 28b 0 28m 288 0 28n 28c 23 2c7 2ac 1g 2bi 2bu 0 2c7
    2bw 1 2bi 2bv 3j 2fq 2fc 3d 2j9 2io 7 2iq 2iy 0 2j9 2iv 0 2ja 2iw 4 2j9 2iz 3g 2m6 2mi 0 2mv 2mk 1
    2m6 2mj 42 2q2 2qi 0 2q7 2qk 0 2qn 2qm 3 2q2 2ql g9 372 36u 25c 5dh 5c6 2 5dh 5c8 2 5dh 5ca 2 5dh
    5cc 2 5dh 5ce 4 5dh 5ci 15 5dh 5dn 2 5dh 5dp 2 5dh 5ds 1 5dh 5dt 3 5dh 5dv l0 lg 5yw 1 lg 5yx z lg
    5zw 1 lg 5zx 7 lj 608 1 lj 609 1p le 624 0 li 62e 1 le 625 0 li 62f n le 62u 1 le 62v j le 63c 1 le
    63d 1f lc 64i 0 ld 64k 0 n6 64m 0 n9 680 1 lc 64j 0 ld 64l 0 n6 64n 0 n9 681 1 n9 682 1 n9 683 1 n9
    684 1 n9 685 1 n9 686 1 n9 687 1 lc 64q 0 ld 64s 0 n6 64u 0 n9 688 1 lc 64r 0 ld 64t 0 n6 64v 0 n9
    689 1 n9 68a 1 n9 68b 1 n9 68c 1 n9 68d 1 n9 68e 1 n9 68f 1 lc 64y 0 ld 650 1 lc 64z 0 ld 651 7 lc
    656 0 ld 658 1 lc 657 0 ld 659 7 lc 65e 0 ld 65g 0 n6 65i 0 n9 68g 1 lc 65f 0 ld 65h 0 n6 65j 0 n9
    68h 1 n9 68i 1 n9 68j 1 n9 68k 1 n9 68l 1 n9 68m 1 n9 68n 1 lc 65m 0 ld 65o 0 n6 65q 0 n9 68o 1 lc
    65n 0 ld 65p 0 n6 65r 0 n9 68p 1 n9 68q 1 n9 68r 1 n9 68s 1 n9 68t 1 n9 68u 1 n9 68v 1 lc 65u 0 ld
    65w 0 n6 65y 1 lc 65v 0 ld 65x 0 n6 65z 7 lc 662 0 ld 664 0 n6 666 1 lc 663 0 ld 665 0 n6 667 7 lc
    66a 0 ld 66c 1 lc 66b 0 ld 66d 7 lc 66i 0 ld 66k 1 lc 66j 0 ld 66l 7 lc 66q 0 ld 66s 0 n6 66u 1 lc
    66r 0 ld 66t 0 n6 66v 8 lc 66z 0 ld 671 0 n6 673 7 lc 676 0 ld 678 0 n6 67a 0 n9 68w 1 lc 677 0 ld
    679 0 n6 67b 0 n9 68x 1 n9 68y 1 n9 68z 1 n9 690 1 n9 691 1 n9 692 1 n9 693 1 lc 67e 0 ld 67g 0 n6
    67i 0 n9 694 1 lc 67f 0 ld 67h 0 n6 67j 0 n9 695 1 n9 696 1 n9 697 1 n9 698 1 n9 699 1 n9 69a 1 n9
    69b 1 n9 69e 4 n9 69u 8 n9 6b6 1m n9 69j 9 lc 6a5 0 ld 6a6 0 n6 6a7 7 n9 69z 1c n9 6bb 8 lc 6al 0 ld
    6am 0 n6 6an b6 mw 6my 2 mw 6mz 2 mw 6ni 1o mw 6od 2 mw 6of 2 mw 6oe 1b mw 6pw 5 mw 6q1 3 mw 6q4 o
    mw 6qs 2 mw 6qu n mw 6rl 7 mw 6ro 2 mw 6rr 3 mw 6rt 5 mw 6st k mw 6si 3 mw 6sw 1 mw 6sx d mw 6t0 1
    mw 6t1 3 mw 6t4 1 mw 6t5 3 mw 6tc 1 mw 6td 1 mw 6w0 1 mw 6w1 5 mw 6tg 1 mw 6th 3 mw 6tk 1 mw 6tl a
    mw 6w2 1 mw 6w3 g mw 6uk 6 mw 6ul 1 mw 6um 2 mw 6un 7 mw 6wa 1 mw 6wb 1 mw 6wc 1 mw 6wd 2oh 9ll 9lg
    5 9ll 9jg 2 9ll 9ji 2 9ll 9jk 2 9ll 9jm 2 9ll 9jo 2 9ll 9jq 2 9ll 9js 2 9ll 9ju 2 9ll 9jw 2 9ll 9jy
    2 9ll 9k0 2 9ll 9k2 3 9ll 9k5 2 9ll 9k7 2 9ll 9k9 7 9ll 9kg 0 9lm 9kh 3 9ll 9kj 0 9lm 9kk 3 9ll 9km
    0 9lm 9kn 3 9ll 9kp 0 9lm 9kq 3 9ll 9ks 0 9lm 9kt y 9ll 9lq 9 9ll 9o4 5 9ll 9m4 2 9ll 9m6 2 9ll 9m8
    2 9ll 9ma 2 9ll 9mc 2 9ll 9me 2 9ll 9mg 2 9ll 9mi 2 9ll 9mk 2 9ll 9mm 2 9ll 9mo 2 9ll 9mq 3 9ll 9mt
    2 9ll 9mv 2 9ll 9mx 7 9ll 9n4 0 9lm 9n5 3 9ll 9n7 0 9lm 9n8 3 9ll 9na 0 9lm 9nb 3 9ll 9nd 0 9lm 9ne
    3 9ll 9ng 0 9lm 9nh k 9ll 9o7 1 9ll 9o8 1 9ll 9o9 1 9ll 9oa b 9ll 9oe 1864 1hve 1hui 2 1hve 1huk a
    1hve 1huz 3w 1hyf 1hym 1 1hyf 1hyn et 1ida 1idn 0 1idz 1ido aa 1ink 1inw 0 1inu 1inv 0 1inx 1iny 73
    1iun 1iuy 1 1iun 1iuz
    """
}
