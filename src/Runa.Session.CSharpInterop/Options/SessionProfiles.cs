using Microsoft.FSharp.Core;
using CoreProfile = Runa.Session.SessionProfile;

namespace Runa;

/// <summary>Profiles in C# and in the core.</summary>
internal static class SessionProfiles
{
    internal static SessionProfile? OfCore(FSharpOption<CoreProfile>? profile) =>
        profile?.Value switch
        {
            null => null,
            { IsAsvsL2: true } => SessionProfile.AsvsL2,
            { IsNistAal2: true } => SessionProfile.NistAal2,
            _ => SessionProfile.NistAal3,
        };

    internal static FSharpOption<CoreProfile>? ToCore(SessionProfile? profile) =>
        profile switch
        {
            SessionProfile.AsvsL2 => FSharpOption<CoreProfile>.Some(CoreProfile.AsvsL2),
            SessionProfile.NistAal2 => FSharpOption<CoreProfile>.Some(CoreProfile.NistAal2),
            SessionProfile.NistAal3 => FSharpOption<CoreProfile>.Some(CoreProfile.NistAal3),
            _ => null,
        };
}
