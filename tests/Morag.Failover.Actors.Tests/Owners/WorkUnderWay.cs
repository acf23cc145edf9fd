using System.Runtime.CompilerServices;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Morag.Failover.Actors.Tests.Owners;

/// <summary>
/// Counts the mailboxes of one actor system that run or are about to: where none is left, every message that was sent has been
/// handled, with all that came of it, and nothing happens until a spec does something or moves the clock.
/// </summary>
public sealed class WorkUnderWay
{
    /// <summary>Dispatchers get no hold of their system, but of its event stream.</summary>
    private static readonly ConditionalWeakTable<EventStream, WorkUnderWay> BySystem = [];

    private readonly Lock gate = new();
    private int inProgress;
    private TaskCompletionSource? over;

    /// <summary>Makes every dispatcher that entities and storage run on count its work.</summary>
    public static Config Counted { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka {
          actor {
            default-dispatcher.executor = "{{typeof(Configurator).AssemblyQualifiedName}}"
            internal-dispatcher.executor = "{{typeof(Configurator).AssemblyQualifiedName}}"
          }
          persistence.dispatchers {
            default-plugin-dispatcher.executor = "{{typeof(Configurator).AssemblyQualifiedName}}"
            default-replay-dispatcher.executor = "{{typeof(Configurator).AssemblyQualifiedName}}"
          }
        }
        """);

    /// <summary>The work of a system that was started with <see cref="Counted"/>.</summary>
    public static WorkUnderWay Of(ActorSystem system) => Of(system.EventStream);

    /// <summary>Completes when no work is left.</summary>
    public Task IsOverAsync()
    {
        lock (gate)
        {
            return inProgress == 0 ? Task.CompletedTask : (over ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private static WorkUnderWay Of(EventStream system) => BySystem.GetValue(system, static _ => new WorkUnderWay());

    private void Begins()
    {
        lock (gate)
        {
            inProgress++;
        }
    }

    private void Ends()
    {
        lock (gate)
        {
            if (--inProgress == 0)
            {
                over?.TrySetResult();
                over = null;
            }
        }
    }

    /// <summary>Named in the configuration; the actor system makes it.</summary>
    public sealed class Configurator(Config config, IDispatcherPrerequisites prerequisites)
        : ExecutorServiceConfigurator(config, prerequisites)
    {
        /// <inheritdoc />
        public override ExecutorService Produce(string id) => new CountingExecutor(id, Of(Prerequisites.EventStream));
    }

    private sealed class CountingExecutor(string id, WorkUnderWay work) : ExecutorService(id)
    {
        public override void Execute(IRunnable run)
        {
            work.Begins();
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    try
                    {
                        run.Run();
                    }
                    finally
                    {
                        // A mailbox that has more to do has asked for its next run by now.
                        work.Ends();
                    }
                },
                null);
        }

        public override void Shutdown()
        {
        }
    }
}
