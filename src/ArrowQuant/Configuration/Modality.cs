namespace ArrowQuant.Configuration;

/// <summary>The kind of data that the model makes; it decides the strategy.</summary>
public enum Modality
{
    /// <summary>Text: r2q and time_aware.</summary>
    Text,

    /// <summary>Program code: r2q and time_aware.</summary>
    Code,

    /// <summary>Images: gptq and spatial.</summary>
    Image,

    /// <summary>Audio: gptq and spatial.</summary>
    Audio,
}
