using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Actors.Alerts;

/// <summary>Reads the facts that the alert rules look at.</summary>
public interface IAlertFactsReader
{
    /// <summary>Reads what can be read within a few seconds, and names what is missing (<see cref="AlertFacts.Missing"/>).</summary>
    Task<AlertReading> ReadAsync();
}

/// <summary>The facts at one time.</summary>
/// <param name="Facts">The facts, without <see cref="AlertFacts.Failed"/> and <see cref="AlertFacts.Ended"/>.</param>
/// <param name="FailedEver">All failures ever decided; null if a part of them is missing.</param>
/// <param name="CompletedEver">All completions ever; null if a part of them is missing.</param>
public sealed record AlertReading(AlertFacts Facts, long? FailedEver, long? CompletedEver);
