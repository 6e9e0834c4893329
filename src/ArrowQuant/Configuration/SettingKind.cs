namespace ArrowQuant.Configuration;

/// <summary>The form of a setting's value.</summary>
public enum SettingKind
{
    /// <summary><c>true</c> or <c>false</c>.</summary>
    Switch,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>An amount of memory: whole MiB, or a number with a unit.</summary>
    Memory,

    /// <summary>A real number.</summary>
    Real,

    /// <summary>One of a few words.</summary>
    Word,

    /// <summary>Any number of texts.</summary>
    List,

    /// <summary>Texts, each with a whole number, in order.</summary>
    Map,
}
