using System.Text.Json.Serialization;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>The outcome of a task: a result or a failure.</summary>
internal sealed record TaskOutcome
{
    public required LeaseKey Lease { get; init; }

    /// <summary>The result; null for a failure.</summary>
    public JsonText? Result { get; init; }

    /// <summary>The type of the failure; null for a success.</summary>
    public FailureType? FailureType { get; init; }

    public string? ErrorMessage { get; init; }

    public JsonText? Context { get; init; }

    [JsonIgnore]
    public bool IsSuccess => FailureType is null;

    public static TaskOutcome Succeeded(LeaseKey lease, JsonText result) => new() { Lease = lease, Result = result };

    public static TaskOutcome Failed(LeaseKey lease, FailureType type, string message, JsonText context) =>
        new() { Lease = lease, FailureType = type, ErrorMessage = message, Context = context };
}
