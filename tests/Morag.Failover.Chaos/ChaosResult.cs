using System.Globalization;
using Morag.Failover.History;

namespace Morag.Failover.Chaos;

/// <summary>What a run found.</summary>
/// <param name="Plan">Its plan.</param>
/// <param name="Tasks">The tasks that were acknowledged.</param>
/// <param name="History">What happened.</param>
/// <param name="Violations">The rules that it breaks.</param>
/// <param name="Faults">What is wrong besides.</param>
/// <param name="Notes">When each fault happened.</param>
/// <param name="Output">The last output of the processes.</param>
internal sealed record ChaosResult(
    ChaosPlan Plan,
    int Tasks,
    IReadOnlyList<Happening> History,
    IReadOnlyList<Violation> Violations,
    IReadOnlyList<string> Faults,
    string Notes,
    string Output)
{
    /// <summary>Whether it broke a rule.</summary>
    public bool IsBad => Violations.Count > 0 || Faults.Count > 0;

    /// <summary>One line for tables.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"{ChaosOptions.Of(Plan.Settings)}: {Plan.Faults.Count} faults, "
        + $"{Tasks} tasks, {History.Count(happening => happening is LeaseStored)} leases, "
        + $"{History.Count(happening => happening is DecisionStored)} failures decided, {Violations.Count} violations, "
        + $"{Faults.Count} faults of calls");

    /// <summary>What to do about a bad run.</summary>
    public string Report() =>
        $"""
        {Summary}
        {string.Join('\n', Violations)}
        {string.Join('\n', Faults)}
        {Notes}
        Repeat the plan: dotnet run --project tests/Morag.Failover.Chaos -- {ChaosOptions.Of(Plan.Settings)}
        {Output}
        """;
}
