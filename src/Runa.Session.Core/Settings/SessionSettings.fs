namespace Runa.Session

open System
open Microsoft.Extensions.Configuration
open Runa.Session.Hosting

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module SessionSettings =
    let defaults (name: string) : SessionSettings =
        { Driver = "memory"
          CookieName = if name = "web" then "__Host-runa_session" else $"__Host-runa_{name}_session"
          CookieDomain = None
          CookiePath = "/"
          HttpOnly = true
          Secure = CookieSecure.Always
          SameSite = SameSite.Lax
          Partitioned = false
          Persistent = true
          IsEssential = true
          Ttl = TimeSpan.FromHours 2.
          MaxTtl = TimeSpan.FromDays 30.
          IdleTimeout = None
          Shared = false
          Sealed = false
          MaxBytes = 65_536
          OnUnreadable = OnUnreadable.Replace
          MaxSessions = None
          WhenFull = WhenFull.EndOldest
          Rotate = None
          OnTheft = OnTheft.Revoke
          DeviceBound = DeviceBound.Off
          Profile = None
          ClearSiteData = []
          Meta = Map.empty }

    let read (section: IConfigurationSection) (settings: SessionSettings) : SessionSettings * string list =
        SettingReaders.read section settings

    let mistakes (name: string) (settings: SessionSettings) : string list = SettingsRules.check name settings

    let cookie (o: SessionSettings) : SetCookie =
        SetCookie(
            o.CookieName,
            o.CookieDomain,
            o.CookiePath,
            o.HttpOnly,
            o.Secure,
            o.SameSite,
            o.Partitioned,
            o.Persistent,
            o.IsEssential
        )

    let boundCookie (o: SessionSettings) : SetCookie =
        cookie
            { o with
                CookieName = CookieRules.boundName o.CookieName
                CookieDomain = None
                HttpOnly = true
                Secure = CookieSecure.Always
                SameSite = SameSite.Lax
                Partitioned = false
                Persistent = true }
