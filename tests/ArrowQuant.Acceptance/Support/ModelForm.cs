namespace ArrowQuant.Acceptance.Support;

/// <summary>How the same model lies on the disk.</summary>
public enum ModelForm
{
    /// <summary>As safetensors.</summary>
    Safetensors,

    /// <summary>As the V2 Extended Parquet of the first converter.</summary>
    V2Extended,
}
