using System.Globalization;

namespace Morag.Failover.Chaos.Faults;

/// <summary>One fault.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Target">Which node or agent it hits, from 0.</param>
/// <param name="At">When it begins, from the start of the load.</param>
/// <param name="For">How long it lasts.</param>
internal sealed record Fault(FaultKind Kind, int Target, TimeSpan At, TimeSpan For)
{
    /// <summary>By how much a clock is off from now on.</summary>
    public TimeSpan ClockAhead { get; init; }

    /// <summary>What happens, without when.</summary>
    public string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kind} {Target} {(Kind == FaultKind.ClockJumped ? $"to {ClockAhead}" : $"for {For.TotalSeconds:0.0} s")}");

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds,7:0.0} s {Description}");
}
