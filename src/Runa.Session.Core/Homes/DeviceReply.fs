namespace Runa.Session.Hosting

/// What a browser gets whose device has proved itself.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type DevicePass =
    {
        /// The id under which the browser knows the binding.
        Id: string
        /// The bound cookie.
        Cookie: SessionCookie
        /// What the device signs next.
        Challenge: string
    }

/// The answer to a browser that registers a device, or lets it prove itself (https://w3c.github.io/webappsec-dbsc/).
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type DeviceReply =
    /// 200, with the bound cookie.
    | Passed of DevicePass
    /// 403: the browser must let the device sign this challenge.
    | Challenged of id: string * challenge: string
    /// 400, 401 or 409: the browser gives the binding up.
    | Refused of status: int
    /// 503: the store failed or was slow. The browser keeps the binding, and comes again.
    | Unavailable
