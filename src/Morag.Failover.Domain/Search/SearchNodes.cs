using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Search;

/// <summary>What a test costs. Cheap tests come first, because a task that fails one needs no other.</summary>
internal enum SearchCost
{
    /// <summary>Reads a field of the record.</summary>
    Field,

    /// <summary>Searches texts.</summary>
    Text,

    /// <summary>Reads JSON.</summary>
    Json,
}

/// <summary>A condition on a task.</summary>
internal abstract class SearchNode
{
    public abstract SearchCost Cost { get; }

    public abstract bool Matches(TaskRecord task, SearchScope scope);
}

/// <summary>All conditions hold. Without conditions, every task matches.</summary>
internal sealed class AllOf(IEnumerable<SearchNode> conditions) : SearchNode
{
    private readonly SearchNode[] conditions = [.. conditions.OrderBy(condition => condition.Cost)];

    public override SearchCost Cost => conditions.Length == 0 ? SearchCost.Field : conditions[^1].Cost;

    public override bool Matches(TaskRecord task, SearchScope scope)
    {
        foreach (var condition in conditions)
        {
            if (!condition.Matches(task, scope))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>At least one condition holds.</summary>
internal sealed class AnyOf(IEnumerable<SearchNode> conditions) : SearchNode
{
    private readonly SearchNode[] conditions = [.. conditions.OrderBy(condition => condition.Cost)];

    public override SearchCost Cost => conditions[^1].Cost;

    public override bool Matches(TaskRecord task, SearchScope scope)
    {
        foreach (var condition in conditions)
        {
            if (condition.Matches(task, scope))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The condition does not hold.</summary>
internal sealed class NoneOf(SearchNode condition) : SearchNode
{
    public override SearchCost Cost => condition.Cost;

    public override bool Matches(TaskRecord task, SearchScope scope) => !condition.Matches(task, scope);
}

/// <summary>One comparison of a field.</summary>
internal sealed class FieldTest(SearchCost cost, Func<TaskRecord, SearchScope, bool> matches) : SearchNode
{
    public override SearchCost Cost => cost;

    public override bool Matches(TaskRecord task, SearchScope scope) => matches(task, scope);
}
