namespace Morag.Failover.Dashboard.Pages;

/// <summary>A column of a table of tasks, besides the task itself.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Sort">The field of the filter language that sorts by it; null if there is none.</param>
/// <param name="IsNumber">Whether it holds numbers.</param>
public sealed record TaskColumn(string Name, string Title, string? Sort = null, bool IsNumber = false)
{
    /// <summary>All columns, in the order in which they are shown.</summary>
    public static ImmutableArray<TaskColumn> All { get; } =
    [
        new("state", "State", "state"),
        new("queue", "Queue", "queue"),
        new("priority", "Priority", "priority"),
        new("worker", "Worker", "worker"),
        new("attempts", "Attempts", "attempts", IsNumber: true),
        new("failures", "Failures", "failures", IsNumber: true),
        new("submitted", "Submitted", "created"),
        new("updated", "Updated", "updated"),
        new("finished", "Finished", "finished"),
        new("due", "Due", "due"),
        new("content_type", "Content type", "content_type"),
        new("memory_gb", "Memory, GiB", "memory_gb", IsNumber: true),
        new("last_error", "Last error"),
        new("because", "Waits because"),
    ];

    /// <summary>The columns that are shown unless the reader chooses others.</summary>
    public static ImmutableArray<TaskColumn> Usual { get; } =
        Named(["state", "queue", "priority", "worker", "failures", "submitted", "because"]);

    /// <summary>The columns with these names; the usual ones if there are none.</summary>
    public static ImmutableArray<TaskColumn> Named(IEnumerable<string> names)
    {
        var wanted = names.SelectMany(name => name.Split(',')).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<TaskColumn> found = [.. All.Where(column => wanted.Contains(column.Name))];
        return found.IsEmpty ? Usual : found;
    }
}
