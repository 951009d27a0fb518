namespace Runa.Session

open System
open System.Collections
open Microsoft.Extensions.Configuration

/// Finds secrets under names that nothing reads (promises 23 and 24). Messages contain the names only.
module internal StraySecrets =
    let private current =
        [ "appsecret"; "runasecret"; "sessionsecret"; "runasessionsecret"; "sessionsessionssecret" ]

    let private previous =
        [ "appprevioussecrets"
          "runaprevioussecrets"
          "sessionprevioussecrets"
          "runasessionprevioussecrets" ]

    /// A value that was found: its name as it is written, and as a path of the configuration.
    type private Found = { Name: string; Path: string; IsVariable: bool }

    let private isBlank (value: string) = String.IsNullOrWhiteSpace value

    let private variables () : Found list =
        [ for entry in Seq.cast<DictionaryEntry>(Environment.GetEnvironmentVariables()) do
              let name = string entry.Key

              if not (isBlank (string entry.Value)) then
                  { Name = name; Path = name.Replace("__", ":"); IsVariable = true } ]

    let private all (configuration: IConfiguration option) : Found list =
        let configured =
            match configuration with
            | None -> []
            | Some configuration ->
                [ for path, value in StraySettings.leaves configuration do
                      if not (isBlank value) then
                          { Name = path; Path = path; IsVariable = false } ]

        configured @ variables () |> List.distinctBy (fun found -> found.Path.ToLowerInvariant())

    /// The path without the index of a list item.
    let private stem (path: string) : string =
        match path.LastIndexOf ':' with
        | at when at > 0 && path[at + 1 ..] |> Seq.forall Char.IsAsciiDigit -> path[.. at - 1]
        | _ -> path

    let private isLike (known: string list) (found: Found) : bool =
        let name = StraySettings.plain (stem found.Path)

        known
        |> List.exists (fun one -> name = one || name = one + "s" || name + "s" = one || name = one + "key")
        || (StraySettings.nearly known name).IsSome

    /// Names that may be meant for the secret. Asked only if no secret was found.
    let forCurrent (configuration: IConfiguration option) : string list =
        all configuration |> List.filter (isLike current) |> List.map _.Name

    /// Previous secrets under names that nothing reads. Without them, everybody would be logged out.
    let forPrevious (configuration: IConfiguration option) : string list =
        let isNamed (name: string) (found: Found) = (stem found.Path).Equals(name, StringComparison.OrdinalIgnoreCase)

        let isRead (found: Found) =
            match configuration with
            | Some configuration ->
                isNamed "app:previous_secrets" found && not (isNull configuration[found.Path])
                || found.Name.Equals("RUNA_PREVIOUS_SECRETS", StringComparison.Ordinal)
                || (isNamed "RUNA_PREVIOUS_SECRETS" found && not (isNull configuration["RUNA_PREVIOUS_SECRETS"]))
            | None -> found.Name = "RUNA_PREVIOUS_SECRETS"

        all configuration
        |> List.filter (fun found -> isLike previous found && not (isRead found))
        |> List.map (fun found ->
            let name = stem found.Name

            $"{name}: nothing reads this key. Previous secrets stand under app:previous_secrets, or RUNA_PREVIOUS_SECRETS in the environment.")
        |> List.distinct
