using System.Text;

namespace Morag.Failover.Dashboard;

/// <summary>The addresses of the pages.</summary>
public static class PageAddress
{
    /// <summary>The page of a worker.</summary>
    public static string Of(WorkerId worker) => "/workers/" + Uri.EscapeDataString(worker.Value);

    /// <summary>The page of a task.</summary>
    public static string Of(TaskId task) => "/tasks/" + Uri.EscapeDataString(task.Value);

    /// <summary>The page of a queue.</summary>
    public static string Of(QueueName queue) => "/queues/" + Uri.EscapeDataString(queue.Value);

    /// <summary>An address with one parameter of its query changed, or removed if the value is null.</summary>
    public static string With(string address, string name, string? value)
    {
        ArgumentNullException.ThrowIfNull(address);
        var parts = address.Split('?', 2);
        var kept = (parts.Length == 2 ? parts[1] : "")
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(pair => pair.Split('=')[0] != name);
        var query = new StringBuilder(string.Join('&', kept));
        if (value is not null)
        {
            _ = query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.Length == 0 ? parts[0] : $"{parts[0]}?{query}";
    }

    /// <summary>
    /// A path on this node that a form names as the page to return to; the start page if it names another place.
    /// </summary>
    public static string Local(string? path) =>
        path is ['/', ..] && path is not ['/', '/' or '\\', ..] && !path.AsSpan().ContainsAnyInRange('\0', '\u001f') ? path : "/";
}
