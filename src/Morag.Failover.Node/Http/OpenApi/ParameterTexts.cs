namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>What the parameters of paths and queries mean. A text for one call wins over the text for the name.</summary>
internal static class ParameterTexts
{
    private static readonly Dictionary<string, string> ByCall = new(StringComparer.Ordinal)
    {
        ["GET /api/v1/journal/events id"] = "The persistence id, such as queue-0. Required.",
        ["GET /api/v1/journal/verify id"] = "The persistence id. Default: all of them.",
        ["GET /api/v1/journal/events from"] = "The first sequence number. Default: the first event that is stored.",
        ["GET /api/v1/tasks queue"] = "Only tasks of this queue.",
        ["GET /api/v1/tasks worker"] = "Only tasks that this worker holds or held last.",
        ["GET /api/v1/scale queue"] = "Only this queue, as one object instead of the whole document.",
        ["GET /api/v1/policy/test type"] = "The type of the failure. Required.",
        ["GET /api/v1/policy/test worker"] = "The worker on which the task would fail. Required.",
        ["GET /api/v1/policy/test task"] = "The task that would fail. Default: a task of the queue that no one has submitted.",
        ["GET /api/v1/policy/test queue"] = "The queue of a task that is not given. Default: the first one.",
        ["GET /api/v1/bulk/{id} id"] = "The id of the bulk action.",
        ["POST /api/v1/bulk/{id}/undo id"] = "The id of the bulk action to undo.",
        ["GET /api/v1/workers/{id}/session session"] = "The number of the session, which grows with each session of the worker process.",
        ["GET /api/v1/audit target"] = "Only actions on this task, worker or queue, or with this filter.",
        ["GET /api/v1/audit action"] = "Only this action, such as task_cancel.",
        ["DELETE /api/v1/tasks/{id} reason"] = "Why, for the history of the task.",
    };

    private static readonly Dictionary<string, string> ByName = new(StringComparer.Ordinal)
    {
        ["alert"] = "The number of the alert.",
        ["after"] = "Where the page begins. Take it from the Link header of the previous page.",
        ["by"] = "Only actions of the operator with this token name.",
        ["component"] = "Only alerts about this component, such as a worker or queue.",
        ["cursor"] = "The place of the cursor in the filter, in UTF-16 code units. Default: its end.",
        ["events"] = "Only events with these names, separated by commas.",
        ["filter"] = "A filter in the search language.",
        ["format"] = "csv for a table, json for the default.",
        ["from"] = "Where the list begins.",
        ["instance_id"] = "The worker process that calls.",
        ["last"] = "How many of the last events come first.",
        ["level"] = "Only entries of this level and above.",
        ["limit"] = "The most entries of a page, 1 to 1000. Default: 100.",
        ["lines"] = "How many of the last entries come first.",
        ["node"] = "The node: its address, its host and port, the URL of its HTTP API, or self.",
        ["once"] = "true to end the stream after what is there already.",
        ["queue"] = "The queue.",
        ["region"] = "Only this region, such as worker.",
        ["severity"] = "Only alerts of this severity.",
        ["shard"] = "Only this shard.",
        ["since"] = "Only what happened since this time, ISO 8601.",
        ["sort"] = "The field to sort by; with a leading -, descending.",
        ["state"] = "Only those in this state.",
        ["task"] = "Only of this task.",
        ["top"] = "How many of the largest persistence ids to list.",
        ["type"] = "Only failures of this type.",
        ["under"] = "Only the actors under this path, such as /user.",
        ["until"] = "Only what happened before this time, ISO 8601.",
        ["within"] = "Count tasks that come due within this many seconds. Default: 60.",
        ["worker"] = "Only of this worker.",
    };

    /// <summary>The text of a parameter; null if there is none.</summary>
    /// <param name="call">The call, such as <c>GET /api/v1/tasks/{id}</c>.</param>
    /// <param name="name">The name of the parameter.</param>
    public static string? Of(string call, string name) =>
        ByCall.GetValueOrDefault($"{call} {name}") ?? ByName.GetValueOrDefault(name) ?? (name == "id" ? IdOf(call) : null);

    private static string? IdOf(string call) => call.Split('/')[3] switch
    {
        "tasks" => "The id of the task.",
        "workers" => "The id of the worker.",
        _ => null,
    };
}
