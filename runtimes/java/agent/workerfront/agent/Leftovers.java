package workerfront.agent;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Ends the processes that calls have started, and nothing else. */
final class Leftovers {
    private static final long LIMIT_NANOS = 5_000_000_000L;

    private final Settings settings;
    private final Killer killer;
    private final int self = ProcessTable.self();

    Leftovers(Settings settings, Killer killer) {
        this.settings = settings;
        this.killer = killer;
    }

    /** Ends the spare and its processes: those below it, in its session, or with its folder in their environment. */
    void end(Spare ended, Collection<Spare> others) {
        long begin = System.nanoTime();
        List<Integer> found = of(ended, others);
        while (!found.isEmpty()) {
            if (System.nanoTime() - begin > LIMIT_NANOS) {
                Main.fail(new IOException("these processes of an ended call cannot be killed: " + found));
            }
            killer.kill(found);
            found = of(ended, others);
        }
        ended.kill();
    }

    boolean hasStrays(Collection<Spare> spares) {
        return settings.isAlone && !strays(spares).isEmpty();
    }

    /** Ends what belongs to no spare. Only where nobody else can run a process, and while no call runs. */
    void endStrays(Collection<Spare> spares) {
        List<Integer> found = settings.isAlone ? strays(spares) : new ArrayList<Integer>();
        if (!found.isEmpty()) {
            killer.kill(found);
        }
    }

    /** Ends every process but ours. */
    void endAll(Collection<Spare> spares) {
        ProcessTable table = ProcessTable.read();
        Set<Integer> roots = roots(spares);
        List<Integer> found = new ArrayList<>();
        for (int pid : table.pids()) {
            boolean isOurs = pid == self || pid == killer.pid();
            if (!isOurs && (roots.contains(table.owner(pid, roots)) || isOfNoSpare(pid, none()))) {
                found.add(pid);
            }
        }
        killer.kill(found);
    }

    /** Without the spare itself, when there is nothing else: Java can kill that. */
    private List<Integer> of(Spare ended, Collection<Spare> others) {
        ProcessTable table = ProcessTable.read();
        Set<Integer> roots = roots(others);
        roots.add(ended.pid());
        List<Integer> found = new ArrayList<>();
        for (int pid : table.pids()) {
            int owner = table.owner(pid, roots);
            if (owner == ended.pid() || !roots.contains(owner) && isOfNoSpare(pid, folders(others))) {
                found.add(pid);
            }
        }
        boolean isAlone = found.size() == 1 && found.get(0) == ended.pid();
        return isAlone ? new ArrayList<Integer>() : found;
    }

    private List<Integer> strays(Collection<Spare> spares) {
        ProcessTable table = ProcessTable.read();
        List<Integer> found = new ArrayList<>();
        for (int pid : table.pids()) {
            // Below init: it has lost its parent. Below 0: somebody has come in from outside.
            boolean isOrphan = pid != ProcessTable.INIT && table.owner(pid, roots(spares)) == ProcessTable.INIT;
            if (isOrphan && !folders(spares).contains(folder(pid))) {
                found.add(pid);
            }
        }
        return found;
    }

    private Set<Integer> roots(Collection<Spare> spares) {
        Set<Integer> roots = new HashSet<>();
        roots.add(self);
        for (Spare spare : spares) {
            roots.add(spare.pid());
        }
        roots.remove(0); // it starts, and counts as ours
        return roots;
    }

    /** Whether its folder is one of ours, but of no spare that is left. */
    private boolean isOfNoSpare(int pid, Set<String> folders) {
        String folder = folder(pid);
        return !folder.isEmpty() && !folders.contains(folder);
    }

    private String folder(int pid) {
        String prefix = settings.tmp + "/" + TempFolders.PREFIX;
        String folder = settings.tmp.isEmpty() ? "" : ProcessTable.variable(pid, "TMPDIR");
        return folder.startsWith(prefix) ? folder : "";
    }

    private static Set<String> folders(Collection<Spare> spares) {
        Set<String> folders = none();
        for (Spare spare : spares) {
            folders.add(spare.folder == null ? "" : spare.folder.getPath());
        }
        return folders;
    }

    private static Set<String> none() {
        return new HashSet<>();
    }
}
