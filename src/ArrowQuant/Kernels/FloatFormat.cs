namespace ArrowQuant.Kernels;

/// <summary>The floating-point encodings that weights can have.</summary>
internal enum FloatFormat
{
    /// <summary>IEEE 754 binary32.</summary>
    Single,

    /// <summary>IEEE 754 binary16.</summary>
    Half,

    /// <summary>The upper half of binary32.</summary>
    BFloat16,

    /// <summary>OCP FP8 E4M3FN: bias 7, no infinities, S.1111.111 is NaN.</summary>
    E4M3,

    /// <summary>OCP FP8 E5M2: bias 15, IEEE infinities and NaN.</summary>
    E5M2,

    /// <summary>IEEE 754 binary64, rounded to binary32 ties to even.</summary>
    Double,
}
