namespace Runa.Session

open System

/// Finds the known name that a misspelled one may mean: "Did you mean …?"
module internal Nearest =
    /// How many letters must be inserted, removed, changed or swapped to turn one word into the other.
    let distance (a: string) (b: string) : int =
        let d =
            Array2D.init (a.Length + 1) (b.Length + 1) (fun i j ->
                if i = 0 then j
                elif j = 0 then i
                else 0)

        for i in 1 .. a.Length do
            for j in 1 .. b.Length do
                let cost = if a[i - 1] = b[j - 1] then 0 else 1
                d[i, j] <- min (min (d[i - 1, j] + 1) (d[i, j - 1] + 1)) (d[i - 1, j - 1] + cost)

                if i > 1 && j > 1 && a[i - 1] = b[j - 2] && a[i - 2] = b[j - 1] then
                    d[i, j] <- min d[i, j] (d[i - 2, j - 2] + 1)

        d[a.Length, b.Length]

    /// The known name nearest to the wrong one, if any is near enough.
    let tryFind (known: string seq) (wrong: string) : string option =
        let near name = distance (name: string) wrong

        known
        |> Seq.sortBy near
        |> Seq.tryHead
        |> Option.filter (fun name -> near name <= max 1 (min 3 (wrong.Length / 2)))

    /// ` Did you mean "web"?`, or an empty text.
    let hint (known: string seq) (wrong: string) : string =
        match tryFind known wrong with
        | Some name -> $" Did you mean \"{name}\"?"
        | None -> ""

    /// `admin, api, web`
    let list (known: string seq) : string =
        String.Join(", ", Seq.sortWith (fun (a: string) b -> String.CompareOrdinal(a, b)) known)

    /// `no session "wbe". Did you mean "web"? Known: admin, api, web.`, for messages that begin with "there is".
    let noSession (known: string seq) (name: string) : string =
        $"no session \"{name}\".{hint known name} Known: {list known}."
