namespace Runa.Session

open System

/// The names of types in messages.
module internal TypeNames =
    /// Such as `Dictionary<String, Object>`, where Type.Name is Dictionary`2.
    let rec display (t: Type) : string =
        match t.GetElementType() with
        | NonNull item when t.IsArray -> $"{display item}[{String(',', t.GetArrayRank() - 1)}]"
        | _ ->
            match t.Name.LastIndexOf '`' with
            // A class inside of a generic one has type arguments, and no backtick.
            | -1 -> t.Name
            | at ->
                let arguments = t.GetGenericArguments() |> Seq.map display |> String.concat ", "
                // The compiler's name of an anonymous type says nothing.
                let name =
                    if t.Name.StartsWith("<>", StringComparison.Ordinal) then
                        "AnonymousType"
                    else
                        t.Name[.. at - 1]
                $"{name}<{arguments}>"

    /// Says that a type cannot be stored, and in what it was found: the whole may only hold it.
    let cannotStore (whole: Type) (part: Type) (why: string) : string =
        let within = if whole.IsAssignableFrom part then "" else $" in {display whole}"
        $"System.Text.Json cannot store {display part}{within} ({why})"
