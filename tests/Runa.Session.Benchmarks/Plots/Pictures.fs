namespace Runa.Session.Benchmarks.Plots

open System
open System.IO

/// The pictures that the documentation shows.
module Pictures =
    let private folder =
        lazy
            (let rec root (folder: DirectoryInfo) =
                match folder with
                | null -> failwith "The benchmarks do not run inside of the repository."
                | folder when File.Exists(Path.Combine(folder.FullName, "build.fsx")) -> folder.FullName
                | folder -> root folder.Parent

             let pictures = Path.Combine(root (DirectoryInfo AppContext.BaseDirectory), "docs", "images")
             Directory.CreateDirectory pictures |> ignore
             pictures)

    let write (name: string) (svg: string) =
        File.WriteAllText(Path.Combine(folder.Value, name + ".svg"), svg)
        printfn $"wrote docs/images/{name}.svg"
