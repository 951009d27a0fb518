namespace Runa.Session

open System

/// The Cookie header as it came: names are compared exactly, values are not decoded. (The framework's collection
/// ignores case and percent-decodes, so that other cookies could pass for ours.)
module internal CookieHeader =
    let private isBlank c = c = ' ' || c = '\t'

    /// From `position` on, the value of the next cookie of this name: true with its place, and `position` after it.
    /// RFC 6265 §5.4: pairs are separated by semicolons; white space around names and values does not count.
    let tryNext (header: string, name: string, position: byref<int>, start: byref<int>, length: byref<int>) : bool =
        let mutable found = false

        while not found && position < header.Length do
            let stop =
                match header.IndexOf(';', position) with
                | -1 -> header.Length
                | stop -> stop

            let mutable first = position

            while first < stop && isBlank header[first] do
                first <- first + 1

            let pair = header.AsSpan(first, stop - first)

            if pair.StartsWith(name.AsSpan(), StringComparison.Ordinal) then
                let mutable equals = name.Length

                while equals < pair.Length && isBlank pair[equals] do
                    equals <- equals + 1

                if equals < pair.Length && pair[equals] = '=' then
                    let mutable from = first + equals + 1
                    let mutable last = stop

                    while from < last && isBlank header[from] do
                        from <- from + 1

                    while last > from && isBlank header[last - 1] do
                        last <- last - 1

                    start <- from
                    length <- last - from
                    found <- true

            position <- stop + 1

        found
