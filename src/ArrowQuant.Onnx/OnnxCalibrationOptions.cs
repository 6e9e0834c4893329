namespace ArrowQuant.Onnx;

/// <summary>What is recorded of a running model, and on which inputs.</summary>
public sealed record OnnxCalibrationOptions
{
    /// <summary>
    /// A safetensors file with a tensor for each input of the model, [samples, ...], and the samples' timesteps as the model's timestep
    /// input or as a tensor <c>timestep</c> [samples]. Null lets the model denoise Gaussian noise.
    /// </summary>
    public string? InputsPath { get; init; }

    /// <summary>Without inputs: how many timesteps are run, evenly over 0..999; 1..1000.</summary>
    public int Timesteps { get; init; } = 50;

    /// <summary>Without inputs: samples that are denoised together, where the model does not fix it; 1 or more.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>Rows that one run gives of a layer at most; 1 or more.</summary>
    public int RowsPerRun { get; init; } = 26;

    /// <summary>The input that takes the timestep; null finds one called t, timestep, timesteps, time, time_step or sigma.</summary>
    public string? TimestepInput { get; init; }

    /// <summary>Without inputs: begins the random numbers.</summary>
    public ulong Seed { get; init; }
}
