namespace Runa.Session.Benchmarks

open System

/// The sections of a page that the benchmarks write.
module Section =
    /// Replaces what stands between the comments that begin and end a section.
    let replace (section: string) (text: string) (page: string) : string =
        let beginning, ending = $"<!-- {section} -->", $"<!-- end of {section} -->"
        let at = page.IndexOf(beginning, StringComparison.Ordinal) + beginning.Length
        let until = page.IndexOf(ending, StringComparison.Ordinal)

        if at < beginning.Length || until < at then
            failwith $"The page has no section \"{section}\"."

        page.Substring(0, at) + "\n\n" + text + "\n\n" + page.Substring until
