namespace Runa.Session

open Microsoft.Extensions.Configuration
open Runa.Session.Hosting

/// Creates settings, and checks them.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module SessionSettings =
    /// The default settings of a session with this name.
    val defaults: name: string -> SessionSettings

    /// The settings with the values of a section such as `session:sessions:web`, and a sentence for each mistake in it. A
    /// value that is wrong leaves its setting as it was.
    val read: section: IConfigurationSection -> settings: SessionSettings -> SessionSettings * mistakes: string list

    /// A sentence for each setting that a session of this name cannot have. Empty: the settings are right. What depends
    /// on the driver, or on other sessions, is checked when the registry is built.
    val mistakes: name: string -> settings: SessionSettings -> string list

    /// The cookie that the settings describe.
    val internal cookie: o: SessionSettings -> SetCookie

    /// The cookie by which a device proves itself.
    val internal boundCookie: o: SessionSettings -> SetCookie
