use crate::*;
#[tokio::test]
async fn torture() {
    for seed in 1..6u64 {
        let chat = Chat::new().await;
        let mut x = seed.wrapping_mul(0x9e3779b97f4a7c15);
        let mut rnd = move |n: usize| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x % n as u64) as usize
        };
        let mut ids = vec![];
        let mut w = vec![];
        for _ in 0..400 {
            let l = rnd(1200);
            w.push(post(LOBBY, ANA, &"oops".repeat(l / 4 + 1), None));
        }
        for x in chat.store.write(w).await.unwrap() {
            let Written::Posted(m) = x else { panic!() };
            ids.push(m.id);
        }
        for _ in 0..40 {
            let mut w = vec![];
            for _ in 0..50 {
                let id = ids[rnd(400)];
                let l = rnd(3900);
                w.push(edit(LOBBY, ANA, id, &"oops".repeat(l / 4 + 1)));
            }
            chat.store.write(w).await.unwrap();
        }
        let c = |s: &str| {
            let mut n = 0;
            for f in std::fs::read_dir(chat.folder.path()).unwrap() {
                let b = std::fs::read(f.unwrap().path()).unwrap();
                n += b.windows(4).filter(|w| *w == s.as_bytes()).count();
            }
            n
        };
        println!("before {}", c("oops"));
        let mut order = ids.clone();
        for i in 0..400 {
            let j = rnd(400);
            order.swap(i, j);
        }
        for chunk in order.chunks(7) {
            chat.store
                .write(chunk.iter().map(|&id| delete(LOBBY, ANA, id)).collect())
                .await
                .unwrap();
        }
        chat.store.close().await;
        println!("after {}", c("oops"));
    }
}
