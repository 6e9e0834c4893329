namespace ArrowQuant.Cli;

/// <summary>What the process tells its caller.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A defect in the program.</summary>
    public const int Defect = 1;

    /// <summary>Wrong usage or configuration.</summary>
    public const int Usage = 2;

    /// <summary>The model or calibration data is missing, corrupt or not understood, or an artefact disagrees with itself.</summary>
    public const int Data = 3;

    /// <summary>Quality was not reached.</summary>
    public const int Quality = 4;

    /// <summary>Disk, memory, permissions, an output that exists, a lock.</summary>
    public const int Resources = 5;

    /// <summary>Stopped by SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM.</summary>
    public const int Terminated = 143;
}
