namespace Microsoft.Extensions.Configuration

open System.Runtime.CompilerServices
open Runa.Session

/// Reads session configuration from a TOML file.
[<Extension; AbstractClass; Sealed>]
type SessionTomlExtensions =
    /// Adds a TOML file with `[sessions.<name>]` tables, as `session:sessions:<name>` keys. A relative path starts at
    /// the base path of the configuration, usually the content root, and may lead out of it. The file is read once, as
    /// UTF-8. Raises SessionConfigurationException if the file is missing, is a folder or cannot be read, with the full
    /// path, and for mistakes in the file, with file, line and column of each; ArgumentException for an empty path.
    [<Extension>]
    static member AddSessionToml(builder: IConfigurationBuilder, path: string) : IConfigurationBuilder =
        builder.Add(SessionTomlSource(path, false))

    /// Like the other, but if `optional` is true, a missing file or folder is no mistake.
    [<Extension>]
    static member AddSessionToml(builder: IConfigurationBuilder, path: string, optional: bool) : IConfigurationBuilder =
        builder.Add(SessionTomlSource(path, optional))
