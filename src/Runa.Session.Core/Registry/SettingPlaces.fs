namespace Runa.Session

open Microsoft.Extensions.Configuration

/// Where a setting was written, for messages: a key of the configuration does not say.
module internal SettingPlaces =
    let rec private tryFind (path: string) (providers: IConfigurationProvider seq) : string option =
        let has (provider: IConfigurationProvider) = fst (provider.TryGet path)

        let ofProvider (provider: IConfigurationProvider) : string option =
            match provider with
            | :? SessionTomlProvider as toml -> toml.TryPlace path
            | :? ChainedConfigurationProvider as chained ->
                match chained.Configuration with
                | :? IConfigurationRoot as root -> tryFind path root.Providers
                | _ -> None
            | :? FileConfigurationProvider as file when has provider -> Option.ofObj file.Source.Path
            // Its type is in a package that the library does not need.
            | _ when has provider && provider.GetType().Name = "EnvironmentVariablesConfigurationProvider" ->
                Some "the environment"
            | _ -> None

        // Later ones win over earlier ones.
        providers |> Seq.rev |> Seq.tryPick ofProvider

    /// ` It stands in config/session.toml, line 3.`, or an empty text if that is not known.
    let say (configuration: IConfiguration) (path: string) : string =
        match configuration with
        | :? IConfigurationRoot as root ->
            match tryFind path root.Providers with
            | Some place -> $" It stands in {place}."
            | None -> ""
        | _ -> ""
