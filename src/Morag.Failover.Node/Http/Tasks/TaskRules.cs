using System.Collections.Frozen;
using System.Globalization;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>Validates queue names.</summary>
internal static class QueueRules
{
    public static QueueName Known(string name, QueueSettings queues, string field) => queues.Find(new QueueName(name)) is { } queue
        ? queue.Name
        : throw new ProblemException(Problem.UnknownQueue(
            field, "must be one of " + string.Join(", ", queues.Definitions.Select(definition => definition.Name.Value))));

    public static QueueName? OptionalKnown(string? name, QueueSettings queues, string field) =>
        string.IsNullOrEmpty(name) ? null : Known(name, queues, field);
}

/// <summary>Validates priorities.</summary>
internal static class PriorityRules
{
    private static readonly TaskPriority[] All = [.. Enum.GetValues<TaskPriority>().OrderDescending()];

    // By their JSON: the number or the quoted word.
    private static readonly FrozenDictionary<string, TaskPriority> ByJson = All
        .SelectMany(priority => new[] { (Json: NumberOf(priority), priority), (Json: $"\"{WireName.Of(priority)}\"", priority) })
        .ToFrozenDictionary(named => named.Json, named => named.priority);

    private static readonly string Rule = "must be one of " + string.Join(
        ", ", All.Select(priority => $"{NumberOf(priority)} ({WireName.Of(priority)})"));

    public static TaskPriority Parse(JsonText? given, string field) => given is not { IsNull: false } json
        ? TaskPriority.Normal
        : ByJson.TryGetValue(json.Raw, out var priority) ? priority : throw ProblemException.Invalid(field, Rule);

    private static string NumberOf(TaskPriority priority) => ((int)priority).ToString(CultureInfo.InvariantCulture);
}
