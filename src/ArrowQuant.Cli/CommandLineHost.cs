using ArrowQuant.Cli.Rendering;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Cli;

/// <summary>Everything outside the program that a command touches.</summary>
internal sealed record CommandLineHost
{
    /// <summary>Where results go.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Where progress, warnings and errors go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>The environment variables.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>What <see cref="Output"/> can show.</summary>
    public TerminalTraits OutputTraits { get; init; } = TerminalTraits.Plain;

    /// <summary>What <see cref="Error"/> can show.</summary>
    public TerminalTraits ErrorTraits { get; init; } = TerminalTraits.Plain;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Makes the long work from a logger and the kernel set to force (null chooses).</summary>
    public Func<ILogger, string?, IQuantizationService> CreateService { get; init; } =
        (logger, kernels) => new QuantizationService(logger, kernels);
}
