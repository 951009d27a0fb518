namespace Runa.Session

module internal Homes =
    /// The home of the definition's sessions.
    let find (definition: SessionDefinition) : Home =
        match definition.Seal with
        | ValueSome seal -> CookieHome.create definition seal
        | ValueNone -> StoreHome.ofDefinition definition
