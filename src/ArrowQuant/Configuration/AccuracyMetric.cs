namespace ArrowQuant.Configuration;

/// <summary>Which cosine similarity the gate compares with the threshold.</summary>
public enum AccuracyMetric
{
    /// <summary>Output when every quantized layer has calibration samples, else weight.</summary>
    Auto,

    /// <summary>Of original and decoded weights.</summary>
    Weight,

    /// <summary>Of layer outputs on held-out calibration samples.</summary>
    Output,
}
