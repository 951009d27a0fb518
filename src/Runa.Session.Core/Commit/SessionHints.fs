namespace Runa.Session

/// Hints to whoever develops or deploys the application, each logged once.
module internal SessionHints =
    /// The session's cookie has the right shape, but none of this application's secrets signed it. Said in Production, too:
    /// it is what two servers with different secrets look like.
    let foreignCookie (definition: SessionDefinition) : unit =
        if definition.Hints.TryGive "foreign" then
            Log.foreignToken definition.Log definition.Settings.CookieName definition.Name
