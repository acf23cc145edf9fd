using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Search;

/// <summary>A word without a field: it is in the task's id, its errors or its payload.</summary>
internal sealed class AnyText : SearchNode
{
    private readonly Func<string, bool> contains;
    private readonly JsonPathTest payload;

    private AnyText(Needle needle)
    {
        contains = needle.IsIn;
        payload = new JsonPathTest([], new JsonContains(needle));
    }

    public override SearchCost Cost => SearchCost.Json;

    public static AnyText Containing(string text) => new(new Needle(text));

    public override bool Matches(TaskRecord task, SearchScope scope) =>
        contains(task.TaskId.Value) || SearchFields.AnyError(task, contains) || payload.Passes(task.Submission.Payload, scope.Now);
}
