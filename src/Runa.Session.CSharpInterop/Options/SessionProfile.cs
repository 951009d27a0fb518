namespace Runa;

/// <summary>A standard whose requirements for sessions the options must meet: checked at startup.</summary>
public enum SessionProfile
{
    /// <summary>OWASP Application Security Verification Standard 5.0, level 2 (chapters 3.3 and 7).</summary>
    AsvsL2,

    /// <summary>NIST SP 800-63B-4, authenticator assurance level 2 (sections 2.2.3 and 5).</summary>
    NistAal2,

    /// <summary>NIST SP 800-63B-4, authenticator assurance level 3 (sections 2.3.3 and 5).</summary>
    NistAal3,
}
