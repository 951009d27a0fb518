namespace Runa.Session

open System
open System.Text
open Microsoft.Extensions.Configuration

/// Finds the application's secrets and checks them (promise 24). Secrets are never printed.
module internal Secrets =
    /// Finds a setting by its name.
    type Lookup = string -> string option

    let private notBlank (text: string | null) =
        match text with
        | null -> None
        | text when String.IsNullOrWhiteSpace text -> None
        // White space around a secret, such as the last line end of a file, is trimmed, as in a list of previous
        // secrets.
        | text -> Some(text.Trim())

    let ofEnvironment: Lookup = fun name -> notBlank (Environment.GetEnvironmentVariable name)

    let ofConfiguration (configuration: IConfiguration) : Lookup =
        fun name ->
            notBlank configuration[name]
            |> Option.orElse (if name.Contains ':' then None else ofEnvironment name)

    /// The names of the secret, in the order of the search.
    let private names = [ "app:secret"; "runa:secret"; "RUNA_SECRET"; "APP_SECRET" ]

    /// The current secret, with the name of its setting.
    let private current (lookup: Lookup) : (string * string) option =
        names |> List.tryPick (fun name -> lookup name |> Option.map (fun secret -> name, secret))

    let private split (text: string) =
        text.Split(',', StringSplitOptions.TrimEntries ||| StringSplitOptions.RemoveEmptyEntries)
        |> List.ofArray

    /// The previous secrets: a list in the configuration, or texts separated by commas.
    let private previous (configuration: IConfiguration option) (lookup: Lookup) : (string * string) list =
        let listed =
            match configuration with
            | Some configuration ->
                configuration.GetSection("app:previous_secrets").GetChildren()
                |> Seq.choose (fun child -> notBlank child.Value |> Option.map (fun secret -> child.Path, secret))
                |> List.ofSeq
            | None -> []

        let separated name = lookup name |> Option.toList |> List.collect split |> List.map (fun secret -> name, secret)

        listed @ separated "app:previous_secrets" @ separated "RUNA_PREVIOUS_SECRETS"

    let find (configuration: IConfiguration option) : (string * string) list =
        let lookup =
            match configuration with
            | Some configuration -> ofConfiguration configuration
            | None -> ofEnvironment

        match current lookup with
        | Some current -> current :: previous configuration lookup
        | None -> []

    let howTo =
        "Set app:secret in the configuration, or RUNA_SECRET in the environment, to 32 random bytes or more; `openssl rand -base64 32` makes them"

    /// Parts of secrets that stand in documentation. Random secrets do not contain them.
    let private samples =
        [ "replace-me"; "change-me"; "changeme"; "your-secret"; "your_secret"; "example-secret" ]

    let private problem (secret: string) : string option =
        let bytes = Encoding.UTF8.GetBytes secret

        if bytes.Length < 32 then
            Some $"{bytes.Length} bytes long; at least 32 are needed"
        elif (Array.distinct bytes).Length < 8 then
            Some $"{bytes.Length} bytes long with fewer than 8 different ones"
        elif samples |> List.exists (fun sample -> secret.Contains(sample, StringComparison.OrdinalIgnoreCase)) then
            Some $"{bytes.Length} bytes long and taken from the documentation"
        else
            None

    /// What to do about a bad secret. Setting app:secret would not mend a previous one, or one that the code gives.
    let private mend (name: string) : string =
        if name.Contains("previous_secrets", StringComparison.OrdinalIgnoreCase) then
            "Correct it, or remove it: the application cannot have had this secret"
        elif name.StartsWith("SessionSetup.secrets", StringComparison.Ordinal) then
            "Give 32 random bytes or more; `openssl rand -base64 32` makes them"
        else
            howTo

    /// The mistakes in the secrets, each with the name of its setting and its length.
    let check (secrets: (string * string) list) : string list =
        secrets
        |> List.choose (fun (name, secret) ->
            problem secret |> Option.map (fun why -> $"{name}: the secret is {why}. {mend name}."))
