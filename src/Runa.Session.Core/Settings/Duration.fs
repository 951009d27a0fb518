namespace Runa.Session

open System
open System.Globalization
open System.Text.RegularExpressions

/// Reads and writes durations as they stand in configuration.
module internal Duration =
    let allowed = "a duration such as 2h, 30m, 1h30m, 90s, 7d or 02:00:00"

    let private units =
        Regex(
            @"^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$",
            RegexOptions.CultureInvariant ||| RegexOptions.ECMAScript
        )

    /// Reads days, hours, minutes and seconds in this order, each at most once, or [d.]hh:mm:ss. None: the text is no
    /// duration, or not more than zero.
    let tryParse (text: string) : TimeSpan option =
        let text = text.Trim()

        let parsed =
            if text.Contains ':' then
                match
                    TimeSpan.TryParseExact(text, [| @"hh\:mm\:ss"; @"d\.hh\:mm\:ss" |], CultureInfo.InvariantCulture)
                with
                | true, span -> Some span
                | _ -> None
            else
                let found = units.Match text

                if text <> "" && found.Success then
                    let number (index: int) =
                        let group = found.Groups[index]

                        if group.Success then
                            Int64.Parse(group.Value, CultureInfo.InvariantCulture)
                        else
                            0L

                    let seconds = ((number 1 * 24L + number 2) * 60L + number 3) * 60L + number 4

                    if seconds <= int64 TimeSpan.MaxValue.TotalSeconds then
                        Some(TimeSpan.FromSeconds seconds)
                    else
                        None
                else
                    None

        parsed |> Option.filter (fun span -> span > TimeSpan.Zero)

    /// The duration as configuration would have it: `1h30m`.
    let write (span: TimeSpan) : string =
        let units = [ span.Days, "d"; span.Hours, "h"; span.Minutes, "m"; span.Seconds, "s" ]

        if span <= TimeSpan.Zero || span.Ticks % TimeSpan.TicksPerSecond <> 0L then
            string span
        else
            String.Concat
                [ for count, unit in units do
                      if count > 0 then
                          $"{count}{unit}" ]
