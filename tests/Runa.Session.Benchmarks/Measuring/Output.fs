namespace Runa.Session.Benchmarks

open System
open System.IO

/// Where results go: a text by the section of docs/understand/performance.md that it is for, and a picture by its name.
type Output = { Show: string -> string -> unit; Draw: string -> string -> unit }

module Output =
    let private root =
        lazy
            (let rec root (folder: DirectoryInfo) =
                match folder with
                | null -> failwith "The benchmarks do not run inside of the repository."
                | folder when File.Exists(Path.Combine(folder.FullName, "build.fsx")) -> folder.FullName
                | folder -> root folder.Parent

             root (DirectoryInfo AppContext.BaseDirectory))

    let private print (section: string) (text: string) = printfn $"\n{section}:\n\n{text}"

    /// Prints, and draws nothing.
    let console: Output = { Show = print; Draw = fun _ _ -> () }

    /// Prints, and also changes docs/understand/performance.md and its pictures.
    let pages: Output =
        { Show =
            fun section text ->
                print section text
                let page = Path.Combine(root.Value, "docs", "understand", "performance.md")
                File.WriteAllText(page, Section.replace section text (File.ReadAllText page))
          Draw =
            fun name svg ->
                let folder = Path.Combine(root.Value, "docs", "images")
                Directory.CreateDirectory folder |> ignore
                File.WriteAllText(Path.Combine(folder, name + ".svg"), svg)
                printfn $"\nwrote docs/images/{name}.svg" }
