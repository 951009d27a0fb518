namespace Runa.Session

open Microsoft.AspNetCore.Http

/// The methods by which a request changes nothing (RFC 9110, 9.2.1).
module internal SafeMethod =
    let isSafe (method: string) : bool =
        HttpMethods.IsGet method
        || HttpMethods.IsHead method
        || HttpMethods.IsOptions method
        || HttpMethods.IsTrace method
