using System.Diagnostics;
using System.Diagnostics.Metrics;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Telemetry;

/// <summary>The spans and metrics of calls, with the attribute names of the OpenTelemetry conventions for messaging.</summary>
internal static class CallTelemetry
{
    private static readonly Histogram<double> Duration = MoragTelemetry.Meter.CreateHistogram<double>(
        "morag.client.call.duration", "s", "Duration of a call with all its attempts");

    private static readonly Counter<long> Retries = MoragTelemetry.Meter.CreateCounter<long>(
        "morag.client.call.retries", "{retry}", "Attempts after the first one");

    public static Activity? Start(IWireMessage message, string transport)
    {
        var tasks = (message as SubmitTasks)?.Tasks;
        var span = MoragTelemetry.Source.StartActivity(
            NameOf(message), tasks is null ? ActivityKind.Client : ActivityKind.Producer);
        _ = span?.SetTag("messaging.system", "morag")
            .SetTag("messaging.operation.name", NameOf(message))
            .SetTag("morag.transport", transport);
        if (tasks is [var only])
        {
            _ = span?.SetTag("messaging.destination.name", only.Queue.Value).SetTag("messaging.message.id", only.TaskId.Value);
        }
        else if (tasks is { } many)
        {
            _ = span?.SetTag("messaging.batch.message_count", many.Length);
        }
        else if (message is ITaskMessage about)
        {
            _ = span?.SetTag("messaging.message.id", about.TaskId.Value);
        }

        return span;
    }

    /// <summary>A submission whose tasks carry the current trace, unless they have one; any other message unchanged.</summary>
    public static IWireMessage WithTrace(IWireMessage message) =>
        message is SubmitTasks submit && Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } trace } && TraceParent.IsValid(trace)
            ? submit with { Tasks = [.. submit.Tasks.Select(task => task.TraceParent is null ? task with { TraceParent = trace } : task)] }
            : message;

    public static void Succeeded(Activity? span, IWireMessage message, string transport, TimeSpan elapsed)
    {
        _ = span?.SetStatus(ActivityStatusCode.Ok);
        Duration.Record(elapsed.TotalSeconds, Tags(message, transport));
    }

    public static void Failed(Activity? span, IWireMessage message, string transport, TimeSpan elapsed, MoragException failure)
    {
        _ = span?.SetStatus(ActivityStatusCode.Error, failure.Message).SetTag("error.type", ErrorType(failure));
        var tags = Tags(message, transport);
        tags.Add("error.type", ErrorType(failure));
        Duration.Record(elapsed.TotalSeconds, tags);
    }

    public static void Repeats(IWireMessage message, string transport, MoragException failure)
    {
        var tags = Tags(message, transport);
        tags.Add("error.type", ErrorType(failure));
        Retries.Add(1, tags);
    }

    private static TagList Tags(IWireMessage message, string transport) => new()
    {
        { "messaging.system", "morag" },
        { "messaging.operation.name", NameOf(message) },
        { "morag.transport", transport },
    };

    private static string NameOf(IWireMessage message) => MessageNames.Of(message);

    private static string ErrorType(MoragException failure) => failure.ProblemType ?? failure.GetType().Name;
}
